#!/usr/bin/env bash
# Single operators on one thread beside ONNX Runtime, worst first.
# Usage: bench/operators.sh [PROGRAM] [TEXT...]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
[ ! -x "${1:-}" ] || { program=$1; shift; }
scripts/python-env.sh bench && scripts/python-env.sh models
exec .venv/bin/python bench/operators/run.py "$program" "$@"
