#!/bin/sh
# verify_archive.sh OUT KEY: is an archive of lots whole and unchanged? With what verify_export.sh
# needs and no more. KEY is what GET /v1/journal/key gave at the time, kept elsewhere than OUT, whose
# own export.pub proves nothing. Exit 0: it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
no() { echo "not proven: $1" >&2; exit 1; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

head -n -2 "$1/index.ndjson" >"$work/lines"
tail -n 2 "$1/index.ndjson" | head -n 1 | tr -d '\n' >"$work/statement"
tail -n 1 "$1/index.ndjson" >"$work/last"
signature=$(sed -n 's/^{"signature":"\([A-Za-z0-9+/]*=*\)"}$/\1/p' "$work/last")
printf '{"signature":"%s"}\n' "$signature" | cmp -s - "$work/last" || no "the last line is no signature"
printf %s "$signature" | base64 -d >"$work/signature"
openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in "$work/statement" \
    -sigfile "$work/signature" >"$work/said" 2>&1 || no "the index is signed by another key, or changed"
[ "$(sha256sum <"$work/lines" | cut -d ' ' -f 1)" = "$(field sha256 <"$work/statement")" ] ||
    no "a line of the index was changed"
[ "$(tail -n +2 "$work/lines" | wc -l)" = "$(field lots <"$work/statement")" ] || no "lots are missing"

tail -n +2 "$work/lines" | sed 's/.*"files":\[//; s/},{/}\n{/g' |
    sed -n 's/.*"file":"\([^"]*\)","sha256":"\([^"]*\)".*/\2  \1/p' >"$work/sums"
[ "$(wc -l <"$work/sums")" = "$((2 * $(field lots <"$work/statement")))" ] || no "files are missing"
(cd "$1" && sha256sum --quiet --strict -c "$work/sums") >"$work/said" 2>&1 || no "$(cat "$work/said")"
{ cut -c 67- "$work/sums"; echo index.ndjson; echo export.pub; } | sort >"$work/named"
foreign=$(cd "$1" && find . -mindepth 1 ! -type d | cut -c 3- | sort | comm -13 "$work/named" -)
[ -z "$foreign" ] || no "not of the archive: $(echo "$foreign" | tr '\n' ' ')"
cut -c 67- "$work/sums" | grep '\.gz$' | while read -r file; do
    "$here/verify_export.sh" "$1/$file" "$2" >"$work/said" || no "$file"
done
echo "proven: $(field lots <"$work/statement") lots"
