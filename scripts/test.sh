#!/usr/bin/env bash
# Runs every test and ends with one line: `N passed, N failed`.
# MARTLET_TESTS=unit or integration runs only those.
set -uo pipefail
cd "$(dirname "$0")/.."
which=${MARTLET_TESTS:-all}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0
failed=0

# Adds up the closing lines of Swift Testing and pytest.
count() {
  local file=$1
  local p f
  p=$(grep -oE 'Test run with [0-9]+ tests?' "$file" | grep -oE '[0-9]+' | awk '{s+=$1} END {print s+0}')
  f=$(grep -oE 'Test run with .* with [0-9]+ issues?' "$file" | wc -l)
  local failures
  failures=$(grep -cE '^(✘|\[[0-9:. ]*\] ✘|.*✘) Test .* (failed|recorded)' "$file")
  [ "$f" -gt 0 ] && f=$(grep -E '✘ Test .* failed after' "$file" | sort -u | wc -l)
  [ "$failures" -gt 0 ] && [ "$f" -eq 0 ] && f=1
  passed=$((passed + p - f))
  failed=$((failed + f))
}

if [ "$which" != integration ]; then
  # One process a module, each with a limit: what stands still is named, and the others still run.
  swift build --build-tests > "$log/unit" 2>&1
  status=$?
  if [ $status -eq 0 ]; then
    for folder in Tests/*Tests; do
      timeout 900 swift test --skip-build --filter "^$(basename "$folder")\\." >> "$log/unit" 2>&1 ||
        { status=$?; echo "$(basename "$folder") ended with $status" | tee -a "$log/unit"; }
    done
  fi
  # Every failure with what it says, and the end of the rest.
  grep -E -A4 '✘|Fatal error|Swift runtime failure' "$log/unit" | head -200
  grep -vE '^(◇|✔|✘|\[[0-9]+/[0-9]+\]|↳)' "$log/unit" | tail -60
  count "$log/unit"
  if [ $status -ne 0 ] && [ $failed -eq 0 ]; then
    tail -40 "$log/unit"
    echo "The unit tests did not run to their end (exit $status)."
    failed=$((failed + 1))
  fi
fi

if [ "$which" != unit ]; then
  # Operators that ONNX Runtime's tools write, against ONNX Runtime.
  if scripts/onnx-oracle.sh contributed; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  # In the release build: ten times as many schedules in the same time.
  if scripts/simulate.sh 300; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  swift build -c release --static-swift-stdlib --product martlet 2>&1 | tail -3
  if scripts/python-env.sh test; then
    for suite in Tests/Integration Tests/Conformance/http2 Tests/Abuse; do
      MARTLET_BIN=$PWD/.build/release/martlet .venv/bin/python -m pytest -q -x --maxfail=20 \
        "$suite" 2>&1 | tee "$log/integration"
      p=$(grep -oE '[0-9]+ passed' "$log/integration" | tail -1 | grep -oE '[0-9]+')
      f=$(grep -oE '[0-9]+ (failed|error)' "$log/integration" | awk '{s+=$1} END {print s+0}')
      [ -n "${p:-}" ] || { p=0; [ "$f" -gt 0 ] || f=1; }
      passed=$((passed + p))
      failed=$((failed + f))
    done
  else
    failed=$((failed + 1))
  fi
fi

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
