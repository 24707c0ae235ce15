#!/bin/bash
# Builds the image and proves that a container of it runs as uid 1000 on a read-only root, with its
# volume and /tmp as the only places it can write to, and that its health check is answered.
# Exit status 77: it can't be tried here.
set -euo pipefail
cd "$(dirname "$0")/.."
image=packtrail-check dir=/var/lib/packtrail

skip() { echo "$1"; exit 77; }
wrong() { echo "image_check.sh: $1" >&2; exit 1; }

# What the list of parts says is what the image carries.
parts_are_there() {
    local name version
    grep -qF "\"$(sha256sum <"$2" | cut -d ' ' -f 1)\"" "$1" || wrong "its list of parts is another program's"
    while read -r name version; do
        [ "$(inside dpkg-query -W -f '${Version}' "$name")" = "$version" ] || wrong "it has no $name $version"
    done < <(sed -n 's/^{"type":"library".*"name":"\([^"]*\)","version":"\([^"]*\)".*"purl".*/\1 \2/p' "$1")
}

# Inside namespaces of our own: mounts and processes end with them, and port 8080 is free.
in_container() {
    local root=$1 volume=$2 server line tool
    inside() { chroot --userspec=1000:1000 "$root" /usr/bin/env -i PATH=/usr/bin:/bin "$@"; }
    ip link set lo up
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    mount --bind "$volume" "$root$dir"

    for tool in gcc cc clang make ld python3; do
        ! inside sh -c "command -v $tool" || wrong "it carries $tool"
    done
    ! inside touch /proof 2>/dev/null || wrong "its root can be written to"
    parts_are_there "$root/usr/share/doc/packtrail/sbom.cdx.json" "$root/usr/bin/packtrail"

    inside packtrail init "$dir" >/dev/null
    exec 4< <(exec chroot --userspec=1000:1000 "$root" packtrail serve -c "$dir/packtrail.yaml")
    server=$!
    read -r -t 20 line <&4 || wrong "the service said nothing within 20 s"
    [[ $line == "listening on http://"* ]] || wrong "the service said: $line"
    [ "$(stat -c %u "/proc/$server")" = 1000 ] || wrong "the service is not uid 1000"
    inside packtrail check -c "$dir/packtrail.yaml" --alive || wrong "it is not alive"
    kill -TERM "$server"
    wait "$server" || wrong "the service did not end well"
    ! find "$volume" -mindepth 1 ! -uid 1000 | grep . || wrong "not all is written by uid 1000"
}

if [ "${1:-}" = --in-container ]; then
    in_container "$2" "$3"
    exit
fi

[ "$(id -u)" = 0 ] || skip "needs root to mount a container's root"
command -v buildah >/dev/null && command -v ip >/dev/null || skip "needs scripts/deps.sh image"
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
builder=${PACKTRAIL_SHARED:-../shared}/scripts/build_image.sh # makes the base image, too
if [ -x "$builder" ]; then "$builder" "$image"; else buildah bud --format docker -t "$image" .; fi

config() { buildah inspect --type image --format "{{.Docker.Config.$1}}" "$image"; }
expect() { [[ "$(config "$1")" == *"$2"* ]] || wrong "its $1 is $(config "$1"), expected $2"; }
expect User packtrail
expect Volumes "$dir"
expect Entrypoint "[packtrail]"
expect Cmd "[serve -c $dir/packtrail.yaml]"
expect Healthcheck "packtrail check -c $dir/packtrail.yaml --alive"

container=$(buildah from --pull-never "$image")
volume=$(mktemp -d)
trap 'buildah rm "$container" >/dev/null; rm -rf "$volume"' EXIT
chown 1000:1000 "$volume"
unshare --mount --net --pid --fork --kill-child --mount-proc \
    "scripts/$(basename "$0")" --in-container "$(buildah mount "$container")" "$volume"
echo "the image runs as uid 1000 and writes to its volume only"
