#!/usr/bin/env bash
# Workers with parameter servers, and MPI ranks, beside one process on this machine; then what a step costs on paper
# with up to 1,000 workers. Usage: bench/scaling.sh [PROGRAM] [options of bench/training/scaling.py]
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/python-env.sh training
measure() { .venv/bin/python bench/training/scaling.py "$program" "$@"; echo; }
measure --batch 32 "$@"
measure --batch 256 "$@"
measure --network wide --batch 256 "$@"
.venv/bin/python bench/training/cost_model.py
