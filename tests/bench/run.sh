#!/bin/bash
# Measures this build against PostgreSQL 15 and against its own limits; see bench.py for options.
# Takes about fourteen minutes; --rounds 1 --secs 1 for a first look.
set -eu
cd "$(dirname "$0")/../.."
[ -x /usr/lib/postgresql/15/bin/pgbench ] || { echo "scripts/deps.sh bench first" >&2; exit 1; }
make -s all build/bench/load build/bench/disk build/bench/plant build/bench/known
exec /usr/bin/python3 tests/bench/bench.py "$@"
