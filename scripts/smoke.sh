#!/usr/bin/env bash
# One deployment and one answer through a gateway of its own. Usage: smoke.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/.."
martlet=$1
data=$(mktemp -d)
"$martlet" up --data "$data" --listen 127.0.0.1:0 > "$data/out" &
pid=$!
trap 'kill -TERM $pid 2>/dev/null; wait $pid || true; rm -rf "$data"' EXIT
for _ in $(seq 200); do
  grep -q '^ready' "$data/out" && break
  sleep 0.05
done
MARTLET_ADDRESS=$(sed -n 's|^ready https://||p' "$data/out")
MARTLET_CA=$data/tls/ca.pem
MARTLET_API_KEY=$(cat "$data/admin.key")
export MARTLET_ADDRESS MARTLET_CA MARTLET_API_KEY
"$martlet" tenant create smoke > /dev/null
MARTLET_API_KEY=$("$martlet" key create --tenant smoke --role deploy)
"$martlet" model deploy Models/wine --name wine
"$martlet" infer wine --input X=Models/wine/samples/inputs.npy
