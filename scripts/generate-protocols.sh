#!/usr/bin/env bash
# Regenerates everything that comes from Proto/: the C of protoc-c, the Swift values over it, and
# the file descriptors that server reflection answers with.
# Usage: generate-protocols.sh [ROOT]   writes below ROOT (default: this checkout).
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
root=${1:-$repository}
c=$root/Sources/CProtocols
swift=$root/Sources/Protocols/Generated
cd "$repository/Proto"
mapfile -t files < <(find . -name '*.proto' -printf '%P\n' | LC_ALL=C sort)

rm -rf "$c" "$swift"
mkdir -p "$c/include" "$swift"
protoc-c --c_out="$c" "${files[@]}"
umbrella=$c/include/protocols.h
printf 'module CProtocols {\n  header "protocols.h"\n  export *\n}\n' > "$c/include/module.modulemap"
printf '#pragma once\n' > "$umbrella"
for file in "${files[@]}"; do
  header=${file%.proto}.pb-c.h
  mkdir -p "$c/include/$(dirname "$header")"
  mv "$c/$header" "$c/include/$header"
  printf '#include "%s"\n' "$header" >> "$umbrella"
done

protoc --plugin=protoc-gen-martlet="$repository/scripts/protoc-gen-martlet" \
  --martlet_out="$swift" "${files[@]}"
mv "$swift/file_descriptors.c" "$c/"
mv "$swift/file_descriptors.h" "$c/include/"
printf '#include "file_descriptors.h"\n' >> "$umbrella"
