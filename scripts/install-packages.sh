#!/usr/bin/env bash
# Installs the Debian packages that are missing. Usage: install-packages.sh build|test|data|scan|browser|slurm|processors
set -euo pipefail
build=(libnghttp2-dev libprotobuf-c-dev libssl-dev libsqlite3-dev zlib1g-dev libhttp-parser-dev
  libsimdjson-dev libre2-dev libpcre2-dev libutf8proc-dev)
test=(protobuf-c-compiler protobuf-compiler python3-protobuf python3-venv nghttp2-client binutils
  valgrind curl openssl openmpi-bin libopenmpi-dev)
data=(dataset-fashion-mnist)
# The scanner warns of itself where it cannot make GOST's ciphers, which it would offer.
scan=(sslscan testssl.sh libengine-gost-openssl)
browser=(chromium)
slurm=(slurmctld slurmd slurm-client munge)
processors=(qemu-user libc6-dev-arm64-cross libgcc-12-dev-arm64-cross)
case ${1:-build} in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${test[@]}") ;;
  data) wanted=("${data[@]}") ;;
  scan) wanted=("${scan[@]}") ;;
  browser) wanted=("${browser[@]}") ;;
  slurm) wanted=("${slurm[@]}") ;;
  processors) wanted=("${processors[@]}") ;;
  *) echo "install-packages.sh: expected build, test, data, scan, browser, slurm or processors, got '$1'" >&2
    exit 64 ;;
esac

command -v swift >/dev/null || {
  echo "Swift is missing: install a 6.1 or later toolchain from swift.org and put it on PATH." >&2
  exit 69
}
missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing ${missing[*]}"
become=()
[ "$(id -u)" -eq 0 ] || become=(sudo)
export DEBIAN_FRONTEND=noninteractive
# Another installation may hold the lock for a moment.
install=("${become[@]}" apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120)
"${install[@]}" "${missing[@]}" >/dev/null 2>&1 && exit 0
"${become[@]}" apt-get update -qq || true
for package in "${missing[@]}"; do
  "${install[@]}" "$package" >/dev/null || {
    echo "Could not install the Debian package '$package'; install it and try again." >&2
    exit 69
  }
done
