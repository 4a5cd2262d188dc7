#!/usr/bin/env bash
# The gateway beside nginx as a bare TLS proxy. Usage: bench/peers.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
become=()
[ "$(id -u)" -eq 0 ] || become=(sudo)
for package in nginx-light libgrpc++-dev; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] && continue
  "${become[@]}" apt-get install -y -qq --no-install-recommends "$package" >/dev/null || {
    echo "Could not install the Debian package '$package'; install it and try again." >&2
    exit 69
  }
  # Only the program is wanted: no service that starts by itself.
  [ "$package" != nginx-light ] || "${become[@]}" service nginx stop >/dev/null 2>&1 || true
done
exec .venv/bin/python bench/peers.py "${1:-.build/release/martlet}"
