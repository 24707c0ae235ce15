#!/bin/bash
# Every test in one command: installs what is missing, then does what `make check` does. The last
# line counts them.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build test
exec /usr/bin/python3 scripts/run_checks.py check
