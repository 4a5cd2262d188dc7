#!/usr/bin/env bash
# Trains and exports every bundled model again, with the fixtures that depend on them.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/python-env.sh train
python=$PWD/.venv/bin/python
(cd Models/train && "$python" digits.py && "$python" tabular.py)
for script in protocol hostile exported; do
  "$python" -W ignore "Tests/Fixtures/generate/${script}_models.py"
done
