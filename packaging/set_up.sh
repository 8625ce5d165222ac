# shellcheck shell=bash
# Sourced by run.sh and test.sh, which define `root` (the checkout):
#
#   set_up run     .venv with what the program needs, the system's libraries
#   set_up test    the same, and what the tests need
#
# A stamp in .venv, written last, is a copy of everything the set-up was made from. While it still matches, nothing is
# started but cat and readlink; where it does not, every step is done again that finds something to do.

packaging=${root:?}/packaging
venv=$root/.venv

say() { printf 'timbrescope: %s\n' "$*" >&2; }

give_up() {
    say "$*"
    exit 1
}

# Print what the set-up depends on: a moved checkout and another Python count as well as another requirement.
made_from() {
    printf '%s\n' "$1" "$root" "$(readlink -f "$venv/bin/python" || true)"
    cat "$root/pyproject.toml" "$packaging/constraints.txt" "$packaging/system-packages.txt"
    [ "$1" != test ] || cat "$packaging/system-packages-test.txt"
}

is_set_up() {
    [ -x "$venv/bin/python" ] && [ -x "$venv/bin/timbrescope" ] && [ -f "$venv/set-up-for-$1" ] &&
        [ "$(made_from "$1")" = "$(cat "$venv/set-up-for-$1")" ]
}

set_up() {
    is_set_up "$1" || bring_up_to_date "$1" >&2 # the program's own output is all that belongs on standard output
}

bring_up_to_date() (
    set -e
    cd "$root"
    exec 9<pyproject.toml
    ! command -v flock >/dev/null || flock 9 # a second start waits for the first one's set-up ...
    ! is_set_up "$1" || exit 0               # ... and finds it done
    say "setting up $root/.venv; the first time this takes some minutes and about 2 GB of disk."
    install_system_packages "$1"
    make_environment
    install_python_packages "$1"
    made_from "$1" >"$venv/set-up-for-$1.new"
    mv "$venv/set-up-for-$1.new" "$venv/set-up-for-$1"
)

is_suitable() { "$1" -c "import sys, $2; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; }

# Print the name of a Python of 3.11 or later that has the module; the system's own one is preferred.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if is_suitable "$name" "$1"; then
            echo "$name"
            return
        fi
    done
    return 1
}

# Print the listed packages that are not installed, under their own name or one that they provide.
missing_packages() {
    local lists=("$packaging/system-packages.txt") installed package
    [ "$1" != test ] || lists+=("$packaging/system-packages-test.txt")
    # shellcheck disable=SC2016 # ${...} is dpkg-query's
    installed=" $(dpkg-query --show --showformat '${db:Status-Status} ${Package}, ${Provides}\n' |
        sed -n 's/([^)]*)//g; s/^installed //p' | tr ',\n' '  ') "
    sed '/^#/d; /^$/d' "${lists[@]}" | while read -r package; do
        [[ $installed == *" $package "* ]] || echo "$package"
    done
    # Debian and Ubuntu ship Python without what makes environments.
    is_suitable "$venv/bin/python" pip || find_python ensurepip >/dev/null || echo "$(find_python sys || echo python3)-venv"
}

install_system_packages() {
    local as_root=() missing install
    if ! command -v apt-get >/dev/null; then
        say "this system has no apt; should sound or the window fail to start, install PortAudio and Qt's xcb libraries" \
            "(packaging/system-packages.txt) with its own package manager."
        return
    fi
    mapfile -t missing < <(missing_packages "$1")
    [ ${#missing[@]} -gt 0 ] || return 0
    # The lock belongs to a fresh system's own updates for its first minutes.
    install=(apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "${missing[@]}")
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            say "some system packages are missing; run this as root, then start again:"
            give_up "apt-get install ${missing[*]}"
        fi
        as_root=(sudo)
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    say "installing system packages: ${missing[*]}"
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 update --quiet || true # old lists may do
    "${as_root[@]}" "${install[@]}" ||
        say "apt could not install all of them (its reason is above); until 'apt-get install ${missing[*]}' succeeds," \
            "sound, the window or some tests may be missing."
}

# Make .venv where there is none or a broken one, and drop what an interrupted pip has left in it half installed.
make_environment() {
    local python information
    if ! is_suitable "$venv/bin/python" pip; then
        python=$(find_python ensurepip) ||
            give_up "no Python 3.11 or later that can make environments was found; install one" \
                "(Debian, Ubuntu: python3-venv, on older releases python3.11-venv) and start again."
        "$python" -m venv --clear "$venv" || give_up "$python could not make $venv (its reason is above)."
    fi
    for information in "$venv"/lib/python3.*/site-packages/*.dist-info; do
        [ -e "$information/INSTALLER" ] || rm -rf "$information" # pip writes INSTALLER after all other files
    done
}

install_python_packages() {
    local target='.[voice]'
    [ "$1" != test ] || target='.[dev,voice]'
    # The variable pins what builds the package as well. Its path is relative because it is split at spaces.
    PIP_CONSTRAINT=packaging/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$venv/bin/python" -m pip install --constraint packaging/constraints.txt --editable "$target" ||
        give_up "pip could not install what is needed (its reason is above); start again to go on from here."
}
