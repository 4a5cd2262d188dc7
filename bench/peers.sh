#!/usr/bin/env bash
# The gateway beside nginx as a bare TLS proxy. Usage: bench/peers.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v nginx >/dev/null; then
  become=()
  [ "$(id -u)" -eq 0 ] || become=(sudo)
  # Only the program is wanted: no service that starts by itself.
  "${become[@]}" apt-get install -y -qq --no-install-recommends nginx-light >/dev/null || {
    echo "Could not install the Debian package 'nginx-light'; install it and try again." >&2
    exit 69
  }
  "${become[@]}" service nginx stop >/dev/null 2>&1 || true
fi
exec .venv/bin/python bench/peers.py "${1:-.build/release/martlet}"
