#!/usr/bin/env bash
# Trains and exports every bundled model again, with the fixtures that depend on them.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/python-env.sh train
python=$PWD/.venv/bin/python
export PYTHONHASHSEED=0  # skl2onnx writes its operator sets in the order of a Python set
(cd Models/train && "$python" digits.py && "$python" tabular.py)
for script in protocol hostile exported; do
  "$python" -W ignore "Tests/Fixtures/generate/${script}_models.py"
done
