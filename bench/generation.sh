#!/usr/bin/env bash
# Language models beside llama.cpp: the same file, the same threads, the same run.
# Usage: bench/generation.sh [PROGRAM] [--threads 1,2] [--models smollm2,gemma3] [--rounds N] [--part engine,perplexity,server]
# bench/generation.sh PROGRAM --logits: beside transformers in float32 on the dequantised weights instead.
# llama.cpp is built from the PyPI package llama-cpp-python the first time (about half an hour on two cores);
# LLAMA_CPP names the folder of one that is there (with llama-bench, llama-perplexity and llama-server).
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/martlet
case ${1:-} in ""|--*) ;; *) program=$1; shift ;; esac
scripts/python-env.sh test
scripts/language-models.sh smollm2 gemma3 > /dev/null
if [ "${1:-}" = --logits ]; then
  scripts/python-env.sh generation
  exec .venv/bin/python bench/generation/logits.py "$program" "${@:2}"
fi
if [ -z "${LLAMA_CPP:-}" ]; then
  version=0.3.36
  LLAMA_CPP=$PWD/.build/bench/llama.cpp/bin
  if [ ! -x "$LLAMA_CPP/llama-server" ] || [ ! -x "$LLAMA_CPP/llama-perplexity" ]; then
    for tool in cmake ninja; do
      command -v $tool > /dev/null || apt-get install -y -q cmake ninja-build > /dev/null
    done
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    .venv/bin/python -m pip --quiet install scikit-build-core
    .venv/bin/python -m pip --quiet download --no-deps --no-build-isolation \
      --no-binary llama-cpp-python --dest "$work" "llama-cpp-python==$version"
    tar xzf "$work"/llama_cpp_python-$version.tar.gz -C "$work"
    source=$work/llama_cpp_python-$version/vendor/llama.cpp
    cmake -G Ninja -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
      -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF > /dev/null
    ninja -C "$work/build" llama-server llama-bench llama-perplexity
    mkdir -p "$LLAMA_CPP"
    cp "$work"/build/bin/llama-{server,bench,perplexity} "$LLAMA_CPP"
  fi
fi
exec .venv/bin/python bench/generation/compare.py "$program" "$LLAMA_CPP" "$@"
