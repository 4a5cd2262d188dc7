#!/usr/bin/env bash
# Usage: bench/run.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/python bench/run.py "${1:-.build/release/martlet}"
