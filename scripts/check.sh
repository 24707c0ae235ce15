#!/bin/bash
# Every test in one command: installs what is missing, then `make check`. The last line counts them.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build test
exec make --no-print-directory check
