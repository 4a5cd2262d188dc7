#!/usr/bin/env bash
# Networks beside PyTorch and Keras, classical algorithms beside scikit-learn.
# Usage: bench/training.sh [PROGRAM] [--rows cnn,lstm,transformer] [--threads 1,2] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/python-env.sh bench && scripts/python-env.sh training
.venv/bin/python bench/training/networks.py "$program" "$@"
swift build -c release --product train-classical 2>&1 | tail -1
exec .venv/bin/python -W ignore bench/training/classical.py .build/release/train-classical 1
