#!/usr/bin/env bash
# Runs a small test of the kernels as other processors than this one: AArch64, an x86-64 without AVX
# and one with AVX2, emulated. Installs the emulator and AArch64's C library where they are missing.
set -euo pipefail
cd "$(dirname "$0")/../Sources/CKernels"
../../scripts/install-packages.sh processors
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
build() { # name, flags
  local name=$1 test
  shift
  for test in kernels answers; do
    clang -O2 -Wall "$@" -Iinclude ./*.c isa/*.c "../../Tests/Processors/$test.c" -lm -lpthread \
      -o "$programs/$test-$name"
  done
}
expect() { # table, emulator and program's name
  local output name=${*: -1} emulator=("${@:2:$#-2}")
  output=$("${emulator[@]}" "$programs/kernels-$name" 2>"$programs/said") ||
    { echo "$output"; cat "$programs/said"; echo "failed: ${*:2}"; exit 1; }
  [ "$(head -1 <<< "$output")" = "$1" ] || { echo "expected $1, got $output"; exit 1; }
  "${emulator[@]}" "$programs/answers-$name" > "$programs/answers" 2>"$programs/said"
  python3 ../../Tests/Processors/compare.py "$programs/expected" "$programs/answers"
  echo "$1: passed, $(wc -l < "$programs/answers") answers as on this processor"
}
build x86
"$programs/answers-x86" > "$programs/expected" 2>"$programs/said"
expect baseline qemu-x86_64 -cpu Nehalem x86
expect avx2 qemu-x86_64 -cpu Haswell x86
gcc=/usr/lib/gcc-cross/aarch64-linux-gnu/12
build arm --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -B"$gcc" -L"$gcc" \
  -B/usr/aarch64-linux-gnu/lib -L/usr/aarch64-linux-gnu/lib -fuse-ld=lld -static
expect neon qemu-aarch64 -cpu cortex-a53 arm
expect neon-dot qemu-aarch64 -cpu max arm
