#!/bin/bash
# Keeps a small site of a release for the tests: what this version's program wrote, which every
# later one must still read, replay to the same rows, and serve.
#
#     scripts/release_folder.sh VERSION [FOLDER]
#
# Makes FOLDER/VERSION.tar.gz; FOLDER is tests/released unless told otherwise; PACKTRAIL names the
# program. In it lie the site and what verify and GET /v1/lots said of it.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
program=${PACKTRAIL:-$here/build/packtrail}
to=${2:-$here/tests/released}/$1.tar.gz
[ ! -e "$to" ] || { echo "$to is there: a release is kept once and never changed" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/packtrail-release-XXXXXX")
trap 'rm -rf "$work"' EXIT
site=$work/$1/site
mkdir "$work/$1"
"$program" demo --packs 60 --speed max --keep "$site" >"$work/out" 2>&1
rm -rf "$site/data/lock.mdb" "$site/partner" "$site/head.json" "$site/spool"
"$program" verify "$site" | tail -n 1 >"$work/$1/verified"

# A copy is served, so that the one that is kept has no fact of it.
cp -R "$site" "$work/served"
token=$("$program" token create "$work/served" --role admin | sed 's/.*: //')
exec 4< <(PACKTRAIL_LISTEN=127.0.0.1:0 exec "$program" serve -c "$work/served/packtrail.yaml" 2>"$work/out")
server=$!
read -r -t 30 _ _ url <&4 || { cat "$work/out" >&2; exit 1; }
curl -fsS --oauth2-bearer "$token" "$url/v1/lots" >"$work/$1/lots.json"
kill -TERM "$server"
wait "$server"

rm -f "$site/data/lock.mdb"
mkdir -p "$(dirname "$to")"
tar -C "$work" --sort=name --owner=0 --group=0 -cf - "$1" | gzip -9n >"$to"
cat "$work/$1/verified"
