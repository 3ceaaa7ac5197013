#!/usr/bin/env bash
# Builds everything and passes all tests; the last line is the summary of ctest.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/setup.sh

install_packages packages.txt
build_preset release
ctest --preset release -j "$(nproc)"
