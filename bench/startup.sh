#!/usr/bin/env bash
# How long models take to load, and what they leave, beside ONNX Runtime.
# Usage: bench/startup.sh [PROGRAM] [--models minilm-l6,resnet50] [--cycles N] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/python-env.sh bench && scripts/python-env.sh models
exec .venv/bin/python bench/models/startup.py "$program" "$@"
