#!/usr/bin/env bash
# Answers models that tools of others write, and compares with ONNX Runtime's answers.
# Usage: onnx-oracle.sh [SUITE ...]    contributed (default), classical, optimized
# MARTLET_SEED (1) is the seed of everything random.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/python-env.sh test
[ $# -gt 0 ] || set -- contributed
swift build --product onnx-conformance 2>&1 | tail -1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -W ignore Tests/Conformance/onnx_oracle/generate.py "$folder" "$@" 2> "$folder/log" ||
  { cat "$folder/log" >&2; exit 1; }
.build/debug/onnx-conformance "$folder" Tests/Conformance/onnx_oracle/expected.txt |
  tee "$folder/report" | grep -vE '^[A-Za-z]+ +([0-9]+ +){3}[0-9]+$'
