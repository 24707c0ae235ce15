#!/bin/bash
# Installs the Debian 12 packages that a group of work needs; says nothing when all are there.
# usage: scripts/deps.sh build|test|bench|image|tidy ...
set -euo pipefail

declare -A group=(
    [build]="gcc libc6-dev make liblmdb-dev libevent-dev libhttp-parser-dev libcurl4-openssl-dev
             libssl-dev zlib1g-dev libyaml-dev libxml2-dev libwslay-dev libargon2-dev tzdata"
    [test]="clang clang-format libclang-rt-14-dev libcmocka-dev libjansson-dev openssl curl python3
            python3-pytest python3-requests python3-jsonschema python3-yaml python3-lxml"
    [bench]="postgresql-15 wrk python3"
    [image]="buildah debootstrap iproute2 ca-certificates"
    [tidy]="clang-tidy cppcheck valgrind"
)

[ $# -gt 0 ] || { echo "usage: scripts/deps.sh build|test|bench|image|tidy ..." >&2; exit 2; }
wanted=()
for name in "$@"; do
    [ -n "${group[$name]:-}" ] || { echo "deps.sh: there is no group '$name'" >&2; exit 2; }
    wanted+=(${group[$name]})
done

present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
    sed -n 's/^installed //p') || true
missing=($(printf '%s\n' "${wanted[@]}" | grep -vxF "${present:-none}" | sort -u)) || true
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps.sh: these packages are missing, and only root can install them:" >&2
        echo "  apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "deps.sh: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
"${apt[@]}" update
"${apt[@]}" install --no-install-recommends "${missing[@]}"
