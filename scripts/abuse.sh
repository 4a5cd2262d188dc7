#!/usr/bin/env bash
# Attacks a gateway with everything that Tests/Abuse knows, in full, and appends what it cost to
# docs/abuse.md. `make test` runs the same attacks for seconds.
# Usage: abuse.sh PROGRAM [pytest's options]
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:?usage: abuse.sh PROGRAM}")
shift
# Ten thousand connections are descriptors of both sides.
ulimit -n "$(ulimit -H -n)"
scripts/python-env.sh test
MARTLET_ABUSE=full MARTLET_BIN=$program .venv/bin/python -m pytest -q Tests/Abuse "$@"
