#!/bin/sh
# verify_export.sh FILE KEY: is an export of the journal whole and unchanged? With coreutils, sed,
# awk, find, gzip and openssl alone. KEY is what GET /v1/journal/key gives. Says the last line as the head of
# the chain, to be compared with head.json, the log or another export. Exit 0: it is.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
no() { echo "not proven: $1" >&2; exit 1; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
sha256() { sha256sum | cut -d ' ' -f 1; }

gzip -dc "$1" >"$work/all" || no "the archive breaks off"
head -n -2 "$work/all" >"$work/lines"
tail -n 2 "$work/all" | head -n 1 | tr -d '\n' >"$work/statement"
tail -n 1 "$work/all" >"$work/last" # the one line that nothing signs: it has its own form and no more
signature=$(sed -n 's/^{"signature":"\([A-Za-z0-9+/]*=*\)"}$/\1/p' "$work/last")
printf '{"signature":"%s"}\n' "$signature" | cmp -s - "$work/last" || no "the last line is no signature"
printf %s "$signature" | base64 -d >"$work/signature"
openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in "$work/statement" \
    -sigfile "$work/signature" >"$work/said" 2>&1 || no "the signature is of another key or text"
[ "$(sha256 <"$work/lines")" = "$(field sha256 <"$work/statement")" ] || no "a line was changed"

# The records as columns: seq, SHA-256, link, and what is shown of it.
link=$(head -n 1 "$work/lines" | field link)
seq=$(head -n 1 "$work/lines" | field from)
# What is said of it may hold the same words, so that they count where they stand alone.
tail -n +2 "$work/lines" | sed '
    s/^{"seq":\([0-9]*\),"sha256":"\([^"]*\)","link":"\([^"]*\)","record":"\([^"]*\)".*/\1 \2 \3 \4/
    t
    s/^{"seq":\([0-9]*\),"sha256":"\([^"]*\)","link":"\([^"]*\)".*/\1 \2 \3 /' | split -a 5 -l 5000 - "$work/part."
hashes() { (cd "$work/pieces" && find . -type f | sort | xargs -r sha256sum) | cut -c 1-64; }
same() { cmp -s "$work/computed" "$work/expected" || no "$1 between records $seq and $2"; }

# link(n) = SHA-256(link(n-1) | SHA-256(record n)): pieces of 64 bytes, many to one sha256sum.
for part in "$work"/part.*; do
    last=$(tail -n 1 "$part" | cut -d ' ' -f 1)
    awk -v n="$seq" '$1 != n++ { exit 1 }' "$part" || no "a record is missing after $seq"
    mkdir "$work/pieces"
    awk -v link="$link" '{ printf "%s", toupper(link $2); link = $3 }' "$part" |
        basenc -d --base16 | split -a 5 -b 64 - "$work/pieces/"
    hashes >"$work/computed"
    cut -d ' ' -f 3 "$part" >"$work/expected"
    same "the chain breaks" "$last"
    rm -r "$work/pieces" && mkdir "$work/pieces"
    number=10000
    while read -r _ _ _ record; do
        number=$((number + 1))
        [ -z "$record" ] || printf %s "$record" | base64 -d >"$work/pieces/$number"
    done <"$part"
    hashes >"$work/computed"
    awk 'NF > 3 { print $2 }' "$part" >"$work/expected"
    same "what is shown is not what its SHA-256 says" "$last"
    rm -r "$work/pieces"
    link=$(tail -n 1 "$part" | cut -d ' ' -f 3)
    seq=$((last + 1))
done
[ "$link" = "$(field link <"$work/statement")" ] || no "the chain ends elsewhere"
[ "$seq" = $(($(field until <"$work/statement") + 1)) ] || no "records are missing at the end"
echo "proven: records $(field from <"$work/statement") to $((seq - 1))"
echo "head: $((seq - 1)) $link"
