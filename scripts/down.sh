#!/usr/bin/env bash
# Stops what up.sh started. Usage: down.sh DATA
set -euo pipefail
file=$1/up.pid
[ -f "$file" ] || { echo "nothing to stop: '$file' does not exist" >&2; exit 66; }
pid=$(cat "$file")
kill -TERM "$pid" 2>/dev/null || true
for _ in $(seq 400); do
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
rm -f "$file"
echo "stopped"
