#!/bin/bash
# The list of parts as CycloneDX 1.5 JSON on standard output: the program with its version and
# SHA-256, and each Debian package whose library it needs, directly or through another, with version,
# licences and supplier as dpkg and the package's own copyright file have them.
#
#     scripts/sbom.sh [PROGRAM]     build/packtrail unless told otherwise
#
# SBOM_SUPPLIER and SBOM_LICENCE say whose the program is and what it is licensed under.
set -euo pipefail
export LC_ALL=C.UTF-8
program=${1:-build/packtrail}
[ -x "$program" ] || { echo "sbom.sh: there is no program $program" >&2; exit 1; }
case $program in /*) ;; *) program=$PWD/$program ;; esac

text() { # as a JSON string
    local s=${1//\\/\\\\}
    s=${s//\"/\\\"}
    printf '"%s"' "${s//[[:cntrl:]]/ }"
}
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'; }
joined() { paste -sd , -; }

# Where each library lies, as the loader finds it, and which package put it there.
declare -A package
while read -r name path; do
    file=$(readlink -f "$path")
    owner=$(dpkg-query -S "$path" "$file" "/usr$path" 2>/dev/null | head -n 1 | sed 's/: .*//') || true
    [ -n "$owner" ] || { echo "sbom.sh: no package has $file" >&2; exit 1; }
    package[$name]=$owner
    files+="$owner $file"$'\n'
done < <(ldd "$program" | sed -n 's/^\t\(.*\) => \(\/.*\) (0x.*/\1 \2/p')

packages_of() { # that a file needs, as references
    local lib
    for lib in $(needed "$1"); do
        [ -z "${package[$lib]:-}" ] || ref "${package[$lib]}"
    done | sort -u
}
field() { dpkg-query -W -f "\${$2}" "$1"; }
ref() {
    local version
    version=$(field "$1" Version)
    printf 'pkg:deb/debian/%s@%s?arch=%s\n' "$(field "$1" Package)" "${version//+/%2B}" \
        "$(field "$1" Architecture)"
}
# A copyright file that a machine can read names them; of another its place is told.
licences() {
    local file
    file=/usr/share/doc/$(field "$1" Package)/copyright
    if [ -r "$file" ] && grep -q '^Format:' "$file"; then
        sed -n 's/^License: *\([^ ].*\)$/\1/p' "$file" | sort -u
    else
        echo "see $file"
    fi
}
licences_json() {
    while read -r name; do printf '{"license":{"name":%s}}\n' "$(text "$name")"; done | joined
}
component() {
    printf '{"type":"library","bom-ref":%s,"name":%s,"version":%s,"purl":%s,' \
        "$(text "$(ref "$1")")" "$(text "$(field "$1" Package)")" "$(text "$(field "$1" Version)")" \
        "$(text "$(ref "$1")")"
    printf '"supplier":{"name":"Debian"},"publisher":%s,"licenses":[%s]}\n' \
        "$(text "$(field "$1" Maintainer)")" "$(licences "$1" | licences_json)"
}
quoted() { while read -r line; do text "$line" && echo; done | joined; }
depends() { printf '{"ref":%s,"dependsOn":[%s]}\n' "$(text "$1")" "$(quoted)"; }

owners=$(sort -u <<<"$(cut -d ' ' -f 1 <<<"$files" | sed '/^$/d')")
version=$("$program" --version | cut -d ' ' -f 2)
self="pkg:generic/packtrail@$version"
cat <<END
{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,
"metadata":{"timestamp":"$(date -u -r "$program" +%Y-%m-%dT%H:%M:%SZ)",
"component":{"type":"application","bom-ref":"$self","name":"packtrail","version":"$version",
"supplier":{"name":$(text "${SBOM_SUPPLIER:-Packtrail}")},
"licenses":[{"license":{"name":$(text "${SBOM_LICENCE:-none stated}")}}],
"hashes":[{"alg":"SHA-256","content":"$(sha256sum "$program" | cut -d ' ' -f 1)"}]}},
"components":[
$(for p in $owners; do component "$p"; done | paste -sd , | sed 's/},{"type":"library"/},\n{"type":"library"/g')
],
"dependencies":[
$({
    packages_of "$program" | depends "$self"
    for p in $owners; do
        while read -r owner file; do [ "$owner" != "$p" ] || packages_of "$file"; done <<<"$files" |
            sort -u | grep -vxF "$(ref "$p")" | depends "$(ref "$p")"
    done
} | paste -sd , | sed 's/},{"ref"/},\n{"ref"/g')
]}
END
