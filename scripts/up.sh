#!/usr/bin/env bash
# Starts every role in the background and says how to use them. Usage: up.sh PROGRAM DATA LISTEN
set -euo pipefail
martlet=$1 data=$2 listen=$3
mkdir -p "$data"
out=$data/up.out
setsid "$martlet" up --data "$data" --listen "$listen" > "$out" 2> "$data/up.err" < /dev/null &
pid=$!
for _ in $(seq 400); do
  grep -q '^ready' "$out" && break
  kill -0 "$pid" 2>/dev/null || { cat "$data/up.err" >&2; exit 1; }
  sleep 0.05
done
grep '^ready' "$out" || { kill "$pid"; echo "not ready after 20 s; see $data/log" >&2; exit 1; }
echo "$pid" > "$data/up.pid"
cat <<TEXT

  export PATH="$(dirname "$(realpath -s "$martlet")"):\$PATH"
  export MARTLET_ADDRESS=$(sed -n 's|^ready https://||p' "$out")
  export MARTLET_CA="$(realpath "$data")/tls/ca.pem"
  export MARTLET_API_KEY="\$(cat "$(realpath "$data")/admin.key")"

\`make down\` stops it.
TEXT
