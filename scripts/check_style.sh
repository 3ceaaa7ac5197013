#!/usr/bin/env bash
# clang-format and clang-tidy over all sources; fails on any finding. Needs a configured release build.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh

install_packages packages.txt
cmake --preset release >/dev/null

echo "clang-format"
git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format-16 --dry-run --Werror

echo "clang-tidy"
git ls-files -z '*.cpp' ':!:tests' | xargs -0 -n 1 -P "$(nproc)" clang-tidy-16 --quiet -p build/release --warnings-as-errors='*' 2>/dev/null
