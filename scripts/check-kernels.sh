#!/usr/bin/env bash
# Looks at the kernels' object code for what a test cannot see:
#  - a weak symbol: the linker could pick another ISA's copy, and an older processor would stop with
#    an illegal instruction;
#  - instructions that an ISA's table does not promise (AVX in the baseline, AVX-512 in AVX2);
#  - vector registers spilled to the stack inside a hot loop of the micro-kernel.
set -euo pipefail
cd "$(dirname "$0")/../Sources/CKernels"
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
if [ "$(uname -m)" != x86_64 ]; then
  echo "check-kernels reads x86-64 code; nothing to check on $(uname -m)"
  exit 0
fi
for source in *.c isa/*.c; do
  # -O2 is what a release build uses. Without a frame pointer, only %rsp addresses the stack.
  clang -O2 -fomit-frame-pointer -Wall -Wextra -Werror -Iinclude -c "$source" -o "$objects/$(basename "$source" .c).o"
done

failed=0
for object in "$objects"/*.o; do
  name=$(basename "$object" .o)
  weak=$(nm "$object" | awk '$(NF-1) ~ /^[WwVv]$/ { print $NF }')
  if [ -n "$weak" ]; then
    echo "$name: weak symbols: $weak"
    failed=1
  fi
  case $name in
    avx512) continue ;;
    avx2 | avxvnni) forbidden='%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|\{%k[0-7]\}' ;;
    *) forbidden='%[yz]mm|[[:space:]]v[a-z0-9]+[[:space:]].*%xmm' ;;
  esac
  if objdump -d --no-show-raw-insn "$object" | grep -Em3 "$forbidden"; then
    echo "$name: instructions that this table must not use (above)"
    failed=1
  fi
done

# A hot loop is the innermost loop of a tile: from the target of a backward jump to the jump, with
# at least four multiplications. Any vector register stored to or loaded from the stack in it counts.
for name in baseline avx2 avxvnni avx512; do
  objdump -d --no-show-raw-insn "$objects/$name.o" | awk -v object="$name" '
    function hex(text,   value, i) {
      value = 0
      for (i = 1; i <= length(text); i++)
        value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
      return value
    }
    /^[0-9a-f]+ <.*>:$/ {
      function_name = $2
      gsub(/[<>:]/, "", function_name)
      count = 0
      next
    }
    (function_name ~ /^(tile_(rows|columns|pool)|[ib]gemm_)/ ||
     (object == "avx512" && function_name ~ /^block_/)) && /^ +[0-9a-f]+:/ {
      text = $0
      sub(/^ +/, "", text)
      address[++count] = hex(substr(text, 1, index(text, ":") - 1))
      code[count] = text
      if (match(text, /[[:space:]]j[a-z]+ +[0-9a-f]+ </)) {
        split(substr(text, RSTART, RLENGTH), word)
        target = hex(word[2])
        if (target >= address[count] || target < address[1]) next
        products = spills = inner = 0
        for (i = count; i > 0 && address[i] >= target; i--) {
          if (code[i] ~ /(fmadd|mulps|vdpb|maddubs)/) products++
          if (code[i] ~ /\(%rsp/ && code[i] ~ /%[xyz]mm/) { spills++; line = code[i] }
          if (i < count && code[i] ~ /[[:space:]]j[a-z]+ +[0-9a-f]+ </) inner++
        }
        if (products >= 4 && inner == 0) {
          loops++
          if (spills) { print object ": " function_name " spills in its hot loop: " line; bad = 1 }
        }
      }
    }
    END {
      print object ": " loops + 0 " hot loops looked at"
      if (loops < 20) { print object ": too few hot loops found: is this check still right?"; bad = 1 }
      exit bad
    }' || failed=1
done
exit $failed
