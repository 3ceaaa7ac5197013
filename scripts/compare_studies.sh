#!/bin/sh
# Runs all studies that name published figures, and writes the tables of apps/studies/*.md from their results.
set -eu
cd "$(dirname "$0")/.."
tessera="${1:-build/release/apps/tessera}"
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

for study in $(grep -l '"published"' apps/studies/*.json apps/studies/*/*.json); do
    folder="$out/$(basename "$study" .json)"
    "$tessera" --quiet run "$study" -o "$folder" >"$out/log" || test $? -ge 2 || { cat "$out/log"; exit 1; }
    test "$study" = apps/studies/alternatives.json || folders="${folders:-} $folder"
done
# shellcheck disable=SC2086
"$tessera" compare $folders --into apps/studies/README.md
"$tessera" compare "$out/alternatives" --into apps/studies/ALTERNATIVES.md
