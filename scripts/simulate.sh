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

# One core's share, in processes of some hundred schedules: the worlds of a process are abandoned in
# the middle of what they do and not taken apart, a megabyte each.
run() {
  local first=$1 end=$(($1 + share)) failed=0
  while ((first < end)); do
    local batch=$((end - first < 500 ? end - first : 500))
    "$program" --first "$first" --schedules "$batch" || failed=1
    first=$((first + batch))
  done
  return $failed
}
for ((core = 0; core < cores; core++)); do
  run $((1 + core * share)) > "$log/$core" 2>&1 &
  pids[core]=$!
done
failed=0
for ((core = 0; core < cores; core++)); do
  wait "${pids[core]}" || failed=1
  cat "$log/$core"
done
[ $failed -eq 0 ] || echo "Repeat a failure with: make simulate SEED=..."
exit $failed
