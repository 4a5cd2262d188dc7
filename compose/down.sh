#!/usr/bin/env bash
# Stops the composition, and the daemon when `up.sh` started one. VOLUMES=1 also deletes the data.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$(compose/daemon.sh env)
eval "$environment"
docker compose --file compose/compose.yaml down --timeout 20 ${VOLUMES:+--volumes}
compose/daemon.sh stop
