#!/usr/bin/env bash
# Fuzzes every parser of foreign bytes. Usage: fuzz.sh SECONDS (altogether)
# A crash leaves its input in .build/fuzz and its seed in the output.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
export MARTLET_FUZZ_DIRECTORY=$PWD/.build/fuzz
mkdir -p "$MARTLET_FUZZ_DIRECTORY"
swift build --build-tests 2>&1 | tail -1
targets=$(grep -rlE 'Fuzz\("' Tests --include='*.swift' | xargs grep -hoE 'Fuzz\($|Fuzz\("[a-z0-9-]+"' | wc -l)
[ "$targets" -gt 0 ] || targets=1
export MARTLET_FUZZ_SECONDS=$(((seconds + targets - 1) / targets))
export MARTLET_FUZZ_SEED=${MARTLET_FUZZ_SEED:-$RANDOM$RANDOM}
status=0
swift test --skip-build --no-parallel --filter 'NeverTrap' > "$MARTLET_FUZZ_DIRECTORY.log" 2>&1 ||
  status=$?
grep -E '^fuzz|✘|Fatal|error' "$MARTLET_FUZZ_DIRECTORY.log" || true
left=$(ls "$MARTLET_FUZZ_DIRECTORY")
if [ -n "$left" ]; then
  echo "crashed (seed $MARTLET_FUZZ_SEED); inputs in $MARTLET_FUZZ_DIRECTORY: $left" >&2
  exit 1
fi
ran=$(grep -cE '^fuzz .* inputs$' "$MARTLET_FUZZ_DIRECTORY.log" || true)
if [ "$status" -ne 0 ] || [ "$ran" -lt "$targets" ]; then
  echo "$ran of $targets targets ran, exit $status (seed $MARTLET_FUZZ_SEED)" >&2
  exit 1
fi
