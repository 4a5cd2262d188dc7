#!/usr/bin/env bash
# Accuracies of networks trained through the service, beside Keras with the same recipe.
# Usage: bench/accuracy.sh [PROGRAM] [--rows fashion,digits] [--seeds 3,5] [--epochs 10] [--threads N]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/install-packages.sh data
scripts/python-env.sh test && scripts/python-env.sh training
exec .venv/bin/python bench/training/accuracy.py "$program" "$@"
