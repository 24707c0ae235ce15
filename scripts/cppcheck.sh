#!/bin/bash
# Has cppcheck look for bugs: a part of `make tidy`. It takes the sources from a copy in FOLDER, in
# which what version 2.10 cannot parse is put in parentheses: `c ? (T){0} : x`.
# usage: scripts/cppcheck.sh FOLDER
#
# What it is not asked for, each for its reason:
#   nullPointerRedundantCheck        OBJ_CHECK's assert does not return, which it does not see
#   returnDanglingLifetime           a status is no view of what the callee was given
#   uninitvar, uninitStructMember, legacyUninitvar
#                                    what a callee fills is not seen; valgrind looks for these
#   memleak (arena.c, http_client.c) `return a->first = x`
#   syntaxError (status.c)           its preprocessor expands the argument of ##
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD copy=${1:?usage: scripts/cppcheck.sh FOLDER}

rm -rf "$copy"
for file in common/*.c service/*.c service/*/*.c; do
    mkdir -p "$copy/$(dirname "$file")"
    sed -E 's/\? (\([a-z0-9_ ]+\)\{0\}) :/? (\1) :/' "$file" > "$copy/$file"
done
cd "$copy"
exec cppcheck --quiet --error-exitcode=1 -j "$(nproc)" --std=c11 --language=c \
    --enable=warning,performance,portability --template='{file}:{line}: {id}: {message}' \
    -I"$root" -D_GNU_SOURCE '-DElfW(type)=Elf64_##type' \
    --suppress=nullPointerRedundantCheck --suppress=returnDanglingLifetime \
    --suppress=uninitvar --suppress=uninitStructMember --suppress=legacyUninitvar \
    --suppress=memleak:common/arena.c --suppress=memleak:common/http_client.c \
    --suppress=syntaxError:common/status.c .
