#!/bin/bash
# The main job in one command: installs what is missing, builds, and runs a whole site with sample
# data. Arguments go to `packtrail demo`, for example --packs 2000 --speed max.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build
make -j"$(nproc)" all
exec build/packtrail demo "$@"
