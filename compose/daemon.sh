#!/usr/bin/env bash
# Makes sure that `docker` and `docker compose` work; starts a daemon by hand where none runs and
# we are root (a container or a machine without systemd). Prints why when that cannot be.
# Usage: daemon.sh          exit 0: a daemon answers. exit 69: none can run here.
#        daemon.sh stop     stops the daemon that this script started, and only that one.
# Set DOCKER_CONFIG to where `daemon.sh` put the plug-ins: eval "$(compose/daemon.sh env)".
set -euo pipefail
state=${MARTLET_DOCKER_DIR:-/var/lib/martlet-docker}
socket=unix://$state/docker.sock
# The plug-ins are not in Debian 12; these are Debian 13's, unpacked aside.
plugins=(docker-compose docker-buildx)

unavailable() { echo "No Docker daemon can be used here: $*" >&2; exit 69; }
answers() { docker info >/dev/null 2>&1; }

use_own() {
  export DOCKER_HOST=$socket DOCKER_CONFIG=$state/config
}

install_package() {
  dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed$' && return
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null ||
    unavailable "the Debian package '$1' could not be installed"
}

unpack_plugins() {
  local lists=$state/apt name
  [ -x "$state/config/cli-plugins/docker-buildx" ] && return
  mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial" "$state/config/cli-plugins"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
    "http://deb.debian.org/debian trixie main" > "$lists/sources.list"
  local aside=(-qq -o "Dir::Etc::sourcelist=$lists/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$lists/lists" -o "Dir::Cache=$lists/cache"
    -o APT::Sandbox::User=root)
  apt-get "${aside[@]}" update || unavailable "Debian 13's package list could not be read"
  cd "$lists"
  for name in "${plugins[@]}"; do
    apt-get "${aside[@]}" download "$name" || unavailable "'$name' could not be downloaded"
    dpkg-deb -x "$name"_*.deb "$lists/root"
  done
  find "$lists/root" -path '*/cli-plugins/*' \( -type f -o -type l \) \
    -exec cp -L {} "$state/config/cli-plugins/" \;
  cd - >/dev/null
}

start() {
  [ "$(id -u)" -eq 0 ] || unavailable "none answers, and starting one needs root"
  mkdir -p "$state/data" "$state/config"
  install_package docker.io
  install_package iptables
  unpack_plugins
  # A lower score than the daemon's own may not be given to containers in a sandbox.
  printf '{"storage-driver": "overlay2", "oom-score-adjust": 0}\n' > "$state/daemon.json"
  setsid dockerd --config-file "$state/daemon.json" --host "$socket" --data-root "$state/data" \
    --exec-root "$state/exec" --pidfile "$state/docker.pid" > "$state/docker.log" 2>&1 &
  for _ in $(seq 100); do
    answers && return
    sleep 0.2
  done
  unavailable "dockerd did not start: $(tail -1 "$state/docker.log")"
}

case ${1:-} in
  stop)
    if [ -s "$state/docker.pid" ] && kill -0 "$(cat "$state/docker.pid")" 2>/dev/null; then
      pid=$(cat "$state/docker.pid")
      kill -TERM "$pid"
      for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    fi
    ;;
  env)
    # One of the system's own, with compose, is preferred.
    if ! { answers && docker compose version >/dev/null 2>&1; }; then
      use_own
      { answers && docker compose version >/dev/null 2>&1; } || start
      echo "export DOCKER_HOST=$DOCKER_HOST DOCKER_CONFIG=$DOCKER_CONFIG"
    fi
    ;;
  *)
    { answers && docker compose version >/dev/null 2>&1; } && exit 0
    use_own
    { answers && docker compose version >/dev/null 2>&1; } || start
    ;;
esac
