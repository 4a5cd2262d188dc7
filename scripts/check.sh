#!/usr/bin/env bash
# What can be told without running a test. Every step names itself when it fails.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
step() {
  local name=$1
  shift
  local output
  if output=$("$@" 2>&1); then
    echo "ok    $name"
  else
    echo "FAIL  $name"
    printf '%s\n' "$output" | tail -40
    failed=1
  fi
}

swift_files() {
  git ls-files -co --exclude-standard -- '*.swift' | grep -v '/Generated/'
}
format() { swift_files | xargs swift format lint --strict --parallel; }
generated() {
  local fresh
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' RETURN
  scripts/generate-protocols.sh "$fresh" &&
    diff -r "$fresh/Sources/CProtocols" Sources/CProtocols &&
    diff -r "$fresh/Sources/Protocols/Generated" Sources/Protocols/Generated
}
imports() {
  swift build --explicit-target-dependency-import-check error 2>&1 | tee /dev/stderr |
    grep -q 'Build complete'
}

step "house rules" scripts/tidy.py
step "format" format
step "generated code is fresh (make proto)" generated
step "imports are declared" imports
step "kernel objects" scripts/check-kernels.sh
exit $failed
