#!/usr/bin/env bash
# The demo's client against the composition, and what the containers promise.
# exit 69: no Docker daemon can run here, so nothing was tested.
set -uo pipefail
cd "$(dirname "$0")/.."
environment=$(compose/daemon.sh env) || { echo "compose-test: not run"; exit 69; }
eval "$environment"
compose=(docker compose --file compose/compose.yaml)
martlet=${MARTLET_BIN:-.build/release/martlet}
passed=0 failed=0
cleanup() { "${compose[@]}" down --timeout 20 --volumes >/dev/null 2>&1; compose/daemon.sh stop; }
trap cleanup EXIT

# check WHAT COMMAND…: passes when the command ends with 0.
check() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok    $what"
    passed=$((passed + 1))
  else
    echo "FAIL  $what"
    printf '%s\n' "$output" | tail -15
    failed=$((failed + 1))
  fi
}
not() { ! "$@"; }
containers() { "${compose[@]}" ps --quiet "$@"; }
inspect() { docker inspect --format "$1" "${@:2}"; }

check "the image builds and every container becomes healthy" compose/up.sh
[ $failed -eq 0 ] || { "${compose[@]}" logs --tail 20; echo "0 passed, 1 failed"; exit 1; }
export MARTLET_ADDRESS=${MARTLET_PUBLISH:-127.0.0.1:8443} MARTLET_CA=compose/secrets/ca.pem
MARTLET_API_KEY=$(cat compose/secrets/admin.key)
export MARTLET_API_KEY

two_models() { [ "$(containers model | wc -l)" -eq 2 ]; }
only_gateway_publishes() {
  local service port
  for service in auth model; do
    for port in $(containers $service); do
      [ "$(inspect '{{range .NetworkSettings.Ports}}{{.}}{{end}}' "$port")" = "" ] || return 1
    done
  done
  [ "$(inspect '{{len .HostConfig.PortBindings}}' "$(containers gateway)")" -eq 1 ]
}
inside_is_internal() {
  [ "$(docker network inspect --format '{{.Internal}}' martlet_inside)" = true ] &&
    [ "$(inspect '{{len .NetworkSettings.Networks}}' $(containers auth))" -eq 1 ]
}
confined() {
  local container
  for container in $(containers); do
    [ "$(inspect '{{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.CapDrop}}' \
      "$container")" = "true 65532:65532 [ALL]" ] || return 1
  done
}
own_identity() {
  # No role can read another's key: the secrets of each container are its own three files.
  local service
  for service in gateway auth model; do
    inspect '{{range .Mounts}}{{println .Destination}}{{end}}' \
      "$(containers $service | head -1)" | grep -c '^/run/secrets/' | grep -qx 3 || return 1
    inspect '{{range .Mounts}}{{println .Destination}}{{end}}' \
      "$(containers $service | head -1)" | grep -qx "/run/secrets/$service.key" || return 1
  done
}
has_shell() { docker exec "$(containers gateway)" /bin/sh -c true; }
check "two model services run" two_models
check "only the gateway's port is published" only_gateway_publishes
check "the inner network has no way out" inside_is_internal
check "roots are read-only, users are not root, capabilities are dropped" confined
check "each role holds its own key and no other's" own_identity
check "there is no shell in the image" not has_shell

check "a tenant is made" "$martlet" tenant create acme
deployer=$("$martlet" key create --tenant acme --role deploy)
user=$("$martlet" key create --tenant acme --role infer)
as() { MARTLET_API_KEY=$1 "${@:2}"; }
for model in digits diabetes breast-cancer wine; do
  check "deploy $model" as "$deployer" "$martlet" model deploy "Models/$model" --name "$model"
done
check "the demo's client gets its answers" as "$user" "$martlet" demo --models Models
check "a wrong key is refused" not as mk_wrong "$martlet" demo --models Models --calls 0

ask() { as "$user" "$martlet" demo --models Models --calls 0; }
ask_often() { for _ in 1 2 3 4 5 6; do ask || return 1; done; }
victim=$(containers model | head -1)
docker kill --signal KILL "$victim" >/dev/null
check "answers go on while one model service is gone" ask_often
docker start "$victim" >/dev/null
healthy() {
  for _ in $(seq 60); do
    [ "$(inspect '{{.State.Health.Status}}' "$1")" = healthy ] && return
    sleep 0.5
  done
  return 1
}
check "the model service becomes healthy again" healthy "$victim"
check "a third model service joins" "${compose[@]}" up --detach --wait --no-recreate --scale model=3
check "and answers go on" ask_often
docker restart --time 20 "$(containers auth)" "$(containers gateway)" >/dev/null
check "auth is healthy after a restart" healthy "$(containers auth)"
check "the gateway is healthy after a restart" healthy "$(containers gateway)"
check "keys and models are still there" ask

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
