#!/usr/bin/env bash
# Conformance suites, against the release program (MARTLET_BIN: another one).
# Usage: conformance.sh [SUITE ...]    default: all; a suite is a function below.
set -uo pipefail
cd "$(dirname "$0")/.."
export MARTLET_BIN=${MARTLET_BIN:-$PWD/.build/release/martlet}
all=(http2 grpc_interop grpc_negative connect tls browser onnx onnx_written onnx_trained onnx_oracle processors)

# RFC 9113 and RFC 7541, a file per section.
http2() { scripts/python-env.sh test && .venv/bin/python -m pytest -q Tests/Conformance/http2; }

# ONNX's backend test cases against the graph compiler and its operators.
onnx() {
  scripts/python-env.sh test && scripts/python-env.sh conformance || return
  swift build --product onnx-conformance 2>&1 | tail -3
  local data
  data=$(.venv/bin/python -c 'import importlib.util as u; print(u.find_spec("onnx").submodule_search_locations[0])')
  .build/debug/onnx-conformance "$data/backend/test/data" Tests/Conformance/onnx/expected.txt
}

# The same cases, written by our writer: valid for onnx.checker, the same answers in ONNX Runtime.
onnx_written() {
  scripts/python-env.sh test && scripts/python-env.sh conformance || return
  swift build --product onnx-conformance 2>&1 | tail -3
  local data
  data=$(.venv/bin/python -c 'import importlib.util as u; print(u.find_spec("onnx").submodule_search_locations[0])')
  .venv/bin/python -W ignore Tests/Conformance/onnx_oracle/written.py .build/debug/onnx-conformance "$data/backend/test/data"
}

# What is trained here: valid for onnx.checker, the same answers in ONNX Runtime.
onnx_trained() {
  scripts/python-env.sh test && scripts/python-env.sh conformance || return
  swift build --product train-classical 2>&1 | tail -3
  .venv/bin/python -W ignore Tests/Conformance/onnx_oracle/trained.py .build/debug/train-classical
}

# Operators and whole models as ONNX Runtime's tools and skl2onnx write them, against ONNX Runtime.
onnx_oracle() {
  scripts/python-env.sh test && scripts/python-env.sh conformance &&
    scripts/onnx-oracle.sh contributed classical optimized
}

# The kernels as other processors than this one: AArch64, x86-64 without AVX and with AVX2.
processors() { scripts/check-processors.sh; }

# Scanners of others: sslyze, sslscan, testssl.sh.
tls() {
  scripts/install-packages.sh scan && scripts/python-env.sh test &&
    scripts/python-env.sh conformance && .venv/bin/python -m pytest -q Tests/Conformance/tls
}

# REST and gRPC-Web from a page in Chromium.
browser() {
  scripts/install-packages.sh browser && scripts/python-env.sh test &&
    .venv/bin/python -m pytest -q Tests/Conformance/browser
}

# gRPC's own client and server against ours, directly and through the gateway.
grpc_interop() { scripts/build-grpc-interop.sh >/dev/null && python grpc_interop; }

# gRPC's negative HTTP/2 server against our client and behind the gateway.
grpc_negative() { scripts/build-grpc-interop.sh >/dev/null && python grpc_negative; }

# Cases of connect's conformance suite against our server and our client.
connect() { python connect/run; }

python() {
  scripts/python-env.sh test && scripts/python-env.sh conformance &&
    .venv/bin/python "Tests/Conformance/$1.py"
}

[ $# -gt 0 ] || set -- "${all[@]}"
[ -x "$MARTLET_BIN" ] ||
  swift build -c release --static-swift-stdlib --product martlet 2>&1 | tail -3
failed=()
for suite in "$@"; do
  [[ " ${all[*]} " == *" $suite "* ]] || { echo "conformance.sh: no suite '$suite'" >&2; exit 64; }
  echo "== $suite"
  "$suite" || failed+=("$suite")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
