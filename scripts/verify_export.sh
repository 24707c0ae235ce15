#!/bin/sh
# verify_export.sh FILE KEY: is an export of the journal whole and unchanged? With coreutils, sed,
# gzip and openssl alone. KEY is what GET /v1/journal/key gives. Says the last line as the head of
# the chain, to be compared with head.json, the log or another export. Exit 0: it is.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
no() { echo "not proven: $1" >&2; exit 1; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
sha256() { sha256sum | cut -d ' ' -f 1; }

gzip -dc "$1" >"$work/all" || no "the archive breaks off"
head -n -2 "$work/all" >"$work/lines"
tail -n 2 "$work/all" | head -n 1 | tr -d '\n' >"$work/statement"
tail -n 1 "$work/all" | field signature | base64 -d >"$work/signature"
openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in "$work/statement" \
    -sigfile "$work/signature" >"$work/said" 2>&1 || no "the signature is of another key or text"
[ "$(sha256 <"$work/lines")" = "$(field sha256 <"$work/statement")" ] || no "a line was changed"

# link(n) = SHA-256(link(n-1) | SHA-256(record n)); of a record that is not shown, its SHA-256.
link=$(head -n 1 "$work/lines" | field link)
seq=$(head -n 1 "$work/lines" | field from)
tail -n +2 "$work/lines" | sed 's/^{"seq":\([0-9]*\),"sha256":"\([^"]*\)","link":"\([^"]*\)"/\1 \2 \3 &/
    s/^\([^ ]* [^ ]* [^ ]* \)[^}]*"record":"\([^"]*\)".*/\1\2/
    s/^\([^ ]* [^ ]* [^ ]* \){.*/\1/' >"$work/records"
while read -r number digest next record; do
    [ "$number" = "$seq" ] || no "record $seq is missing"
    [ -z "$record" ] || [ "$(printf %s "$record" | base64 -d | sha256)" = "$digest" ] ||
        no "record $number is not what its SHA-256 says"
    link=$(printf %s "$link$digest" | tr a-f A-F | basenc -d --base16 | sha256)
    [ "$link" = "$next" ] || no "the chain breaks at record $number"
    seq=$((seq + 1))
done <"$work/records"
[ "$link" = "$(field link <"$work/statement")" ] || no "the chain ends elsewhere"
[ "$seq" = $(($(field until <"$work/statement") + 1)) ] || no "records are missing at the end"
echo "proven: records $(field from <"$work/statement") to $((seq - 1))"
echo "head: $((seq - 1)) $link"
