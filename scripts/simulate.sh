#!/usr/bin/env bash
# Runs schedules of the simulation in the release build, a share on each core.
#   simulate.sh COUNT [SEED]   with a seed: repeats that one and prints what happened in it.
set -uo pipefail
cd "$(dirname "$0")/.."
count=${1:-10000}
seed=${2:-}
swift build -c release --static-swift-stdlib --product simulate 2>&1 | tail -1
program=.build/release/simulate
[ -n "$seed" ] && exec "$program" --seed "$seed"

cores=$(nproc)
share=$(((count + cores - 1) / cores))
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
for ((core = 0; core < cores; core++)); do
  "$program" --first $((1 + core * share)) --schedules "$share" > "$log/$core" 2>&1 &
  pids[core]=$!
done
failed=0
for ((core = 0; core < cores; core++)); do
  wait "${pids[core]}" || failed=1
  cat "$log/$core"
done
[ $failed -eq 0 ] || echo "Repeat a failure with: make simulate SEED=..."
exit $failed
