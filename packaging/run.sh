#!/usr/bin/env bash
# Start timbrescope from its checkout, after setting it up where that is needed; without arguments it shows the demo.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=packaging/set_up.sh
source "$root/packaging/set_up.sh"
set_up run

[ $# -gt 0 ] || set -- "$root/resources/demo/demo.flac"
exec "$venv/bin/timbrescope" "$@"
