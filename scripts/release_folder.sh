#!/bin/bash
# Keeps a small folder of a release for the tests: what this version's program wrote, which every
# later one must still read, and replay to the same rows.
#
#     scripts/release_folder.sh VERSION [FOLDER]
#
# FOLDER is tests/released unless told otherwise; PACKTRAIL names the program.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
program=${PACKTRAIL:-$here/build/packtrail}
to=${2:-$here/tests/released}/$1
[ ! -e "$to" ] || { echo "$to is there: a release is kept once and never changed" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/packtrail-release-XXXXXX")
trap 'rm -rf "$work"' EXIT
"$program" demo --packs 60 --speed max --keep "$work/site" >"$work/out"
"$program" backup "$work/site" "$work/backup" >"$work/out"
mkdir -p "$to"
cp "$work/backup/data/format" "$work/backup/data/data.mdb" "$to"
"$program" verify "$to" | tail -n 1 >"$to/verified"
rm -f "$to/lock.mdb"
cat "$to/verified"
