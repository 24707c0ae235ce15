#!/bin/bash
# Proves that a fresh clone works on a bare Debian 12: makes such a root with debootstrap, clones the
# last commit into it and runs a command of the clone there, by default both of the README's.
# usage: scripts/fresh_root.sh [COMMAND [ARGUMENT...]]        needs root; the network for apt only
#   env: ROOT=DIR keeps the bare root in DIR and takes it from there the next time
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "fresh_root.sh: needs root" >&2; exit 1; }
command -v debootstrap >/dev/null || scripts/deps.sh image

# Mounts are made in a namespace of our own, so that they end with it.
if [ -z "${FRESH_ROOT_INSIDE:-}" ]; then
    export FRESH_ROOT_INSIDE=1
    exec unshare --mount --pid --fork --kill-child "scripts/$(basename "$0")" "$@"
fi

work=$(mktemp -d /var/tmp/fresh.XXXXXX)
trap 'umount -Rl "$work/root" "$work/scratch" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
bare=${ROOT:-$work/bare}
if [ ! -e "$bare/etc/debian_version" ]; then
    sources=(/etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list)
    mirror=$(awk '$1 == "URIs:" || $1 == "deb" {print $2; exit}' "${sources[@]}" 2>/dev/null || true)
    debootstrap --variant=minbase bookworm "$bare" "${mirror:-http://deb.debian.org/debian}"
fi

# The bare root is read through an overlay: what the run installs is gone with it.
root=$work/root
mkdir -p "$root" "$work/scratch"
mount -t tmpfs tmpfs "$work/scratch"
mkdir "$work/scratch/up" "$work/scratch/work"
mount -t overlay overlay -o "lowerdir=$bare,upperdir=$work/scratch/up,workdir=$work/scratch/work" \
    "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
grep -liE '^ *acquire.*proxy' /etc/apt/apt.conf /etc/apt/apt.conf.d/* 2>/dev/null |
    xargs -r cp -t "$root/etc/apt/apt.conf.d" || true # the way to the packages, if it has one
mkdir -p "$root/srv/shared"
git clone --quiet --no-hardlinks . "$root/srv/packtrail"
shared=${PACKTRAIL_SHARED:-../shared}
if [ -d "$shared" ]; then mount --bind -o ro "$shared" "$root/srv/shared"; fi

bare_run() {
    local started=$SECONDS
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        sh -c 'cd /srv/packtrail && exec "$@"' sh "$@"
    echo "fresh_root.sh: '$*' took $((SECONDS - started)) s"
}
if [ $# -gt 0 ]; then
    bare_run "$@"
else
    bare_run scripts/demo.sh --packs 2000 --speed max
    bare_run scripts/check.sh
fi
