#!/bin/sh
# Runs the explorations of apps/studies, or those named, and writes the answer and the picture of each into apps/studies/README.md.
# What out/ holds from an earlier run is not run again: take it away where the mapper has changed.
#
#   scripts/explore_studies.sh [NAME...]
set -eu
cd "$(dirname "$0")/.."
page=apps/studies/README.md

# answer NAME CHART [OPTIONS...]
answer() {
    name=$1 chart=$2
    shift 2
    build/release/apps/tessera --quiet explore "apps/studies/$name.json" -o "out/$name" "$@" >"out/$name.txt" || test $? -ge 2
    node scripts/picture.mjs "out/$name/explore.html" "$chart" "docs/$name.png"
    {
        printf '![%s](../../docs/%s.png)\n\n```text\n' "$(sed -n 's/^ "name": "\(.*\)",/\1/p' "out/$name/explore.json" | tail -n 1)" "$name"
        sed -e '/^  page /d' -e '/^$/d' -e 's/ *$//' "out/$name.txt"
        printf '```\n'
    } >"out/$name.md"
    awk -v mark="<!-- answer: $name -->" -v file="out/$name.md" '
        $0 == "<!-- end of answer -->" { inside = 0 }
        !inside
        $0 == mark { inside = 1; while ((getline line < file) > 0) print line }' "$page" >"out/page.md"
    cat "out/page.md" >"$page"
}

mkdir -p out
[ $# -gt 0 ] || set -- jet_mlp_exploration technique_ladder large_models link_rate board_count foundation_model_frontier
for name; do
    case $name in
    jet_mlp_exploration) answer "$name" map --maximise ebops ;;
    large_models) answer "$name" map --maximise parameters ;;
    foundation_model_frontier) answer "$name" map --maximise parameters ;;
    *) answer "$name" values ;;
    esac
done
