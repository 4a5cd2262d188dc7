#!/usr/bin/env bash
# Models of every class beside ONNX Runtime and OpenVINO.
# Usage: bench/models.sh [PROGRAM] [--rows TEXT] [--threads 1,2] [--no-openvino]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/python-env.sh bench && scripts/python-env.sh models
exec .venv/bin/python bench/models/run.py "$program" "$@"
