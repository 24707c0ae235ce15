#!/bin/bash
# A restore drill: backs a site up, beside the service that runs on it, makes a site of the backup in
# a folder of its own, proves it, moves its pools past the site's head file, and tells with counts
# and links what was found. The folder goes again; the backup stays and is as good as any.
#
#     scripts/drill.sh DIR DEST KEY
#
# DIR   the site's folder          DEST  its backup, made or gone on with
# KEY   a copy of its site.key     PACKTRAIL names the program (build/packtrail, else that in PATH)
#
# Nothing is served: a restored site would tell partners again what the backup knows no answer to.
# So a head file that is no newer than the backup, as in a quiet minute, is accepted here, and nobody
# signs where `advance` is marked as an act of two people.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dir=$1 dest=$2 key=$3
here=$(cd "$(dirname "$0")/.." && pwd)
program=${PACKTRAIL:-$here/build/packtrail}
[ -x "$program" ] || program=packtrail
work=$(mktemp -d "${TMPDIR:-/tmp}/packtrail-drill-XXXXXX")
trap 'rm -rf "$work"' EXIT

step() { # what, command…
    local began=$SECONDS
    printf '%-9s' "$1"
    shift
    if ! "$@" >"$work/out" 2>"$work/err"; then
        echo failed
        cat "$work/out" "$work/err" >&2
        echo "the drill failed: this backup would not have brought the site back"
        exit 1
    fi
    last=$(tail -n 1 "$work/out")
    echo "$last ($((SECONDS - began)) s)"
}

echo "restore drill of $dir, $(date -u +%Y-%m-%dT%H:%M:%SZ), $("$program" --version)"
step backup "$program" backup "$dir" "$dest"
head=${last##* head }
step restore "$program" restore "$dest" "$work/site" --key "$key"
[ "${last##* head }" = "$head" ] || { echo "the restored head is not $head"; exit 1; }
step verify "$program" verify "$work/site"
cp "$dir/head.json" "$work/head.json"
PACKTRAIL_SIGNATURES_SECOND='' step advance "$program" verify "$work/site" \
    --advance "$work/head.json" --accept "a restore drill" --by drill.sh
echo "the drill passed: head $head"
