#!/usr/bin/env bash
# Models of every class beside ONNX Runtime, OpenVINO and PyTorch.
# Usage: bench/models.sh [PROGRAM] [--rows TEXT] [--threads 1,2] [--peers openvino,pytorch]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/python-env.sh bench && scripts/python-env.sh models
case " $* " in *" --peers "*pytorch*) wanted=yes ;; *" --peers "*) wanted=no ;; *) wanted=yes ;; esac
[ $wanted = no ] || scripts/python-env.sh pytorch
exec .venv/bin/python bench/models/run.py "$program" "$@"
