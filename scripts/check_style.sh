#!/usr/bin/env bash
# clang-format over all sources; with --tidy also clang-tidy. Fails on any finding.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh

install_packages packages.txt
echo "clang-format"
git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format-16 --dry-run --Werror

if [ "${1:-}" = --tidy ]; then
    echo "clang-tidy"
    cmake --preset release >/dev/null
    # The files as they are compiled, six joined in one.
    sed -n 's/^ *"file": "\(.*\)".*/\1/p' build/release/compile_commands.json | grep -v "^$PWD/tests/\|/tests/CMakeFiles/" |
        xargs -n 1 -P "$(nproc)" clang-tidy-16 --quiet -p build/release --warnings-as-errors='*'
fi
