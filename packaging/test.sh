#!/usr/bin/env bash
# Run every check and then the tests; arguments are pytest's, paths in them relative to the checkout.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=packaging/set_up.sh
source "$root/packaging/set_up.sh"
set_up test
cd "$root"

status=0
check() {
    local tool=$1
    shift
    printf '== %s %s\n' "$tool" "$*"
    "$venv/bin/$tool" "$@" || status=1
}

check ruff check
check ruff format --check
check mypy
check lint-imports
[ $status -eq 0 ] || say "a check has failed (above); the tests run all the same."
# Several at a time, a file's tests in one process since they share what they set up; more than four want more memory
# than time they save.
check pytest --numprocesses logical --maxprocesses 4 --dist loadfile "$@"
exit $status
