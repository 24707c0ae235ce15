#!/bin/bash
# Runs a program under valgrind's memcheck, or stands for build/packtrail whose service does so:
#   scripts/memcheck.sh build/unit/x_test
#   PACKTRAIL_BIN=scripts/memcheck.sh /usr/bin/python3 -m pytest tests/scenario/test_x.py
# Only `serve`: valgrind has no room for the address space that other commands keep for the data, nor
# for that of build/unit/verify_test. MEMCHECK tells a test that it runs so.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
memcheck=(valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99
    --suppressions="$root/tests/valgrind.supp")

case ${1:-} in
    serve) PACKTRAIL_STORE_MAP_MAX=4GB exec "${memcheck[@]}" "$root/build/packtrail" "$@" ;;
    */*) MEMCHECK=1 exec "${memcheck[@]}" "$@" ;;
    *) exec "$root/build/packtrail" "$@" ;;
esac
