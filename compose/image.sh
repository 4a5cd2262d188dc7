#!/usr/bin/env bash
# Builds the image martlet:latest. Where the Swift or the Debian image cannot be pulled, the program
# that `make build` made and a base of Debian's own packages take their places, and it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${MARTLET_IMAGE:-martlet:latest}
swift=${SWIFT_IMAGE:-swift:6.3-bookworm}
debian=${DEBIAN_IMAGE:-debian:bookworm-slim}
present() {
  docker image inspect "$1" >/dev/null 2>&1 || timeout 60 docker pull -q "$1" >/dev/null 2>&1
}

arguments=()
if [ -z "${MARTLET_PREBUILT:-}" ] && present "$swift"; then
  arguments+=(--build-arg "SWIFT_IMAGE=$swift")
else
  echo "The image $swift cannot be pulled: taking .build/release/martlet as it was built here."
  [ -x .build/release/martlet ] || make build
  mkdir -p .build/image  # .build/release is a link, which a build context does not follow
  cp .build/release/martlet .build/image/martlet
  arguments+=(--build-arg PROGRAM=prebuilt)
fi
if ! present "$debian"; then
  libraries=libnghttp2-14,libprotobuf-c1,libssl3,libsqlite3-0,zlib1g,libhttp-parser2.9,libsimdjson14,libre2-9,libpcre2-8-0,libutf8proc2
  # Named by what it holds: an older one lacks a library that came since.
  debian=martlet-debian:bookworm-$(sha256sum <<<"$libraries" | cut -c1-12)
  if ! docker image inspect "$debian" >/dev/null 2>&1; then
    echo "No Debian image can be pulled: making $debian from Debian's packages."
    command -v mmdebstrap >/dev/null ||
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap \
        >/dev/null
    mmdebstrap --quiet --variant=apt --include="$libraries,libstdc++6,binutils" bookworm - |
      docker import - "$debian" >/dev/null
  fi
fi
arguments+=(--build-arg "DEBIAN_IMAGE=$debian")
DOCKER_BUILDKIT=1 docker build --quiet --tag "$image" --file compose/Dockerfile "${arguments[@]}" .
docker image inspect --format '{{.RepoTags}} {{.Size}} bytes' "$image"
