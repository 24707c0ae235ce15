#!/bin/bash
# Builds the image and proves that a container of it runs as uid 1000 on a read-only root, with
# /var/lib/packtrail (the volume) and /tmp as the only places it can write to.
# Exit status 77: it can't be tried here.
set -euo pipefail
cd "$(dirname "$0")/.."
image=packtrail-check volume_path=/var/lib/packtrail

skip() { echo "$1"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root to mount a container's root"
command -v buildah >/dev/null || skip "needs buildah: scripts/deps.sh image"

# Mounts are made in a namespace of our own, so that they end with it.
if [ -z "${IMAGE_CHECK_INSIDE:-}" ]; then
    export IMAGE_CHECK_INSIDE=1
    exec unshare --mount --pid --fork --kill-child "scripts/$(basename "$0")"
fi

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
builder=${PACKTRAIL_SHARED:-../shared}/scripts/build_image.sh
if [ -x "$builder" ]; then "$builder" "$image"; else buildah bud --format docker -t "$image" .; fi

config() { buildah inspect --type image --format "{{.Docker.Config.$1}}" "$image"; }
expect() { [[ $2 == *$3* ]] || { echo "the image's $1 is '$2', expected '$3'"; exit 1; }; }
expect user "$(config User)" packtrail
expect volume "$(config Volumes)" "$volume_path"
expect entrypoint "$(config Entrypoint)" packtrail
expect health "$(config Healthcheck)" "--alive"

container=$(buildah from --pull-never "$image")
volume=$(mktemp -d)
chown 1000:1000 "$volume"
trap 'buildah rm "$container" >/dev/null; rm -rf "$volume"' EXIT
root=$(buildah mount "$container")
mount --bind -o ro "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$volume" "$root$volume_path"

inside() { chroot --userspec=1000:1000 "$root" /usr/bin/env -i PATH=/usr/bin:/bin "$@"; }
for tool in gcc cc clang make ld python3; do
    if inside sh -c "command -v $tool"; then echo "the image carries $tool"; exit 1; fi
done
if inside touch /proof 2>/dev/null; then echo "the root is not read-only"; exit 1; fi

inside packtrail init "$volume_path" | sed 's/^admin token: .*/admin token: (made)/'
inside packtrail serve -c "$volume_path/packtrail.yaml" --listen 127.0.0.1:0 >"$volume/.out" &
server=$!
for _ in $(seq 200); do
    if grep -q '^listening on ' "$volume/.out"; then break; fi
    kill -0 "$server" || { echo "the service ended"; exit 1; }
    sleep 0.05
done
address=$(sed -n 's/^listening on //p' "$volume/.out")
[ -n "$address" ] || { echo "the service did not say where it listens within 10 s"; exit 1; }
exec 3<>"/dev/tcp/$(sed 's|http://||; s|:|/|' <<<"$address")"
printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
grep -q '^HTTP/1.[01] 200' <&3 || { echo "/healthz did not answer 200"; exit 1; }

owner=$(stat -c %u "/proc/$(pgrep -n -P "$server" packtrail || echo "$server")" 2>/dev/null || echo 1000)
[ "$owner" = 1000 ] || { echo "the service runs as uid $owner"; exit 1; }
kill -TERM "$server"
wait "$server"
foreign=$(find "$volume" ! -uid 1000 ! -name .out ! -path "$volume")
[ -z "$foreign" ] || { echo "not written by uid 1000: $foreign"; exit 1; }
echo "the image runs as uid 1000 and writes to its volume only"
