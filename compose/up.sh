#!/usr/bin/env bash
# Builds the image and starts compose/compose.yaml; waits until every container is healthy.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$(compose/daemon.sh env)
eval "$environment"
compose/identities.sh
compose/image.sh
docker compose --file compose/compose.yaml up --detach --wait --scale "model=${MODELS:-2}"
docker compose --file compose/compose.yaml cp auth:/data/admin.key compose/secrets/admin.key
chmod 600 compose/secrets/admin.key
cat <<EOF
ready https://${MARTLET_PUBLISH:-127.0.0.1:8443}
  export MARTLET_ADDRESS=${MARTLET_PUBLISH:-127.0.0.1:8443}
  export MARTLET_CA=$PWD/compose/secrets/ca.pem
  export MARTLET_API_KEY=\$(cat $PWD/compose/secrets/admin.key)
EOF
