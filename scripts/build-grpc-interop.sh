#!/usr/bin/env bash
# Builds gRPC's own interoperability client and server from Debian's source package, and prepares
# its negative-HTTP/2 server. Nothing of it is committed; the result is kept in .build/interop.
# Usage: build-grpc-interop.sh    prints the folder: bin/interop_client, bin/interop_server,
#                                 bin/http2_client, http2_test/http2_test_server.py
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/.build/interop
version=1.51.1
stamp=$root/.built-$version-4
[ -e "$stamp" ] && { echo "$root"; exit 0; }

mkdir -p "$root"
exec 3>&1 1>&2
become=()
[ "$(id -u)" -eq 0 ] || become=(sudo)
export DEBIAN_FRONTEND=noninteractive
packages=(libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev g++
  pkg-config dpkg-dev)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
    missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing ${missing[*]}"
  "${become[@]}" apt-get update -qq || true
  "${become[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

source=$root/grpc-$version
if [ ! -d "$source" ]; then
  # The machine's own sources with deb-src lines, for this one download.
  lists=$(mktemp -d)
  trap 'rm -rf "$lists"' EXIT
  mkdir -p "$lists/parts" "$lists/state/partial"
  cp /etc/apt/sources.list.d/*.sources "$lists/parts/" 2>/dev/null || true
  sed -i 's/^Types:.*/Types: deb-src/' "$lists"/parts/*.sources 2>/dev/null || true
  [ ! -e /etc/apt/sources.list ] ||
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > "$lists/parts/main.list"
  for file in "$lists"/parts/*.sources; do
    [ -e "$file" ] && ! grep -q debian "$file" && rm "$file"
  done
  options=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$lists/parts"
    -o Dir::State::Lists="$lists/state" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update -qq
  (cd "$lists" && apt-get "${options[@]}" source -qq --download-only grpc)
  tar -xzf "$lists"/grpc_$version.orig.tar.gz -C "$root"
fi

# Generated code for the test protos, against the system's protobuf.
gen=$root/gen
mkdir -p "$gen" "$root/obj" "$root/bin"
protos=(src/proto/grpc/testing/{empty,messages,test}.proto)
(cd "$source" && protoc -I. --cpp_out="$gen" --grpc_out="$gen" \
  --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" "${protos[@]}")

flags=(-std=c++17 -O1 -w -I"$gen" -I"$source" -I"$source/include" -I"$source/third_party/upb"
  -I"$source/src/core/ext/upb-generated" -I"$source/third_party/xxhash")
common=("$gen"/src/proto/grpc/testing/{empty.pb,messages.pb,test.pb,test.grpc.pb}.cc
  test/core/util/{build,stack_tracer,test_config,histogram}.cc test/core/event_engine/test_init.cc
  test/cpp/util/{test_config_cc,test_credentials_provider,create_test_channel}.cc
  test/core/end2end/data/{client_certs,server1_cert,server1_key,test_root_cert}.cc)
client=(test/core/security/oauth2_utils.cc
  test/cpp/interop/{client,client_helper,interop_client}.cc)
server=(test/cpp/interop/{interop_server,interop_server_bootstrap,server_helper}.cc)
negative=(test/cpp/interop/http2_client.cc)

object() {
  local name=${1#"$gen"/}
  echo "$root/obj/$(tr / - <<<"${name%.cc}").o"
}
compile() {
  local out
  out=$(object "$1")
  [ "$out" -nt "$source/CMakeLists.txt" ] && [ -s "$out" ] && return 0
  echo "compiling ${1##*/}"
  (cd "$source" && g++ "${flags[@]}" -c "$1" -o "$out.new" && mv "$out.new" "$out")
}
for file in "${common[@]}" "${client[@]}" "${server[@]}" "${negative[@]}"; do compile "$file"; done

libraries=($(pkg-config --libs grpc++ protobuf absl_flags_parse absl_failure_signal_handler \
  absl_symbolize absl_stacktrace absl_str_format))
link() {
  local name=$1 file
  shift
  local objects=()
  for file in "${common[@]}" "$@"; do objects+=("$(object "$file")"); done
  g++ -o "$root/bin/$name" "${objects[@]}" "${libraries[@]}" -lpthread
}
link interop_client "${client[@]}"
link interop_server "${server[@]}"
link http2_client "${negative[@]}"

# The negative server is for Python 2 and an older h2; these are all the places that differ.
rm -rf "$root/http2_test"
cp -r "$source/test/http2_test" "$root/http2_test"
rm -f "$root/http2_test/messages_pb2.py"
(cd "$source/src/proto/grpc/testing" && protoc -I. --python_out="$root/http2_test" messages.proto)
sed -i -E -e "s/([A-Za-z_.]+)\.has_key\(([^)]*)\)/(\2 in \1)/" -e "s/= ''$/= b''/" \
  -e 's#response_len / 2#response_len // 2#' \
  -e 's/^import h2$/import h2.config/; s/h2.events.PingAcknowledged/h2.events.PingAckReceived/' \
  -e 's/H2Connection\(client_side=False\)/H2Connection(h2.config.H2Configuration(client_side=False))/' \
  "$root"/http2_test/*.py

touch "$stamp"
echo "$root" >&3
