#!/usr/bin/env bash
# Runs a small test of the kernels as other processors than this one: AArch64, an x86-64 without AVX
# and one with AVX2, emulated. Needs Debian's qemu-user, libc6-dev-arm64-cross and
# libgcc-12-dev-arm64-cross; says so and passes where they are missing.
set -euo pipefail
cd "$(dirname "$0")/../Sources/CKernels"
if ! command -v qemu-aarch64 > /dev/null; then
  echo "skipped: install qemu-user to run the kernels as other processors"
  exit 0
fi
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
build() { # name, flags
  local name=$1
  shift
  clang -O2 -Wall "$@" -Iinclude ./*.c isa/*.c ../../Tests/Processors/kernels.c -lm -lpthread \
    -o "$programs/$name"
}
expect() { # table, emulator and program
  local output
  output=$("${@:2}") || { echo "$output"; echo "failed: ${*:2}"; exit 1; }
  [ "$(head -1 <<< "$output")" = "$1" ] || { echo "expected $1, got $output"; exit 1; }
  echo "$1: passed"
}
build x86
expect baseline qemu-x86_64 -cpu Nehalem "$programs/x86"
expect avx2 qemu-x86_64 -cpu Haswell "$programs/x86"
gcc=/usr/lib/gcc-cross/aarch64-linux-gnu/12
if [ -d "$gcc" ] && [ -d /usr/aarch64-linux-gnu/include ]; then
  build arm --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -B"$gcc" -L"$gcc" \
    -B/usr/aarch64-linux-gnu/lib -L/usr/aarch64-linux-gnu/lib -fuse-ld=lld -static
  expect neon qemu-aarch64 "$programs/arm"
else
  echo "neon: skipped: install libc6-dev-arm64-cross and libgcc-12-dev-arm64-cross"
fi
