#!/bin/sh
# Make the virtual environment: sh .ci/venv.sh FOLDER [EXTRA]
#
# Any Python >= 3.11 on PATH that has venv will do. uv installs when it is on PATH (seconds), else pip. May be called
# again at any time: an environment that an interrupt has left half-made is made anew.
set -eu

venv=$1
extra=${2:-}
constraints=.ci/constraints.txt
mark=$venv/.whole # there only while the environment is whole

say() { printf '%s\n' "$*" >&2; }

# Whether this is a Python >= 3.11 that runs here: some commands only stand in for a version that is not installed.
is_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

has_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# Prints the interpreter behind a command when every user of the machine may run it: root's private one would make an
# environment that is of no use to anybody else.
for_everybody() {
    "$1" -c '
import os, sys
def is_open(path):
    return path == "/" or os.stat(path).st_mode & 0o005 == 0o005 and is_open(os.path.dirname(path))
if os.geteuid() == 0 and not all(is_open(os.path.realpath(path)) for path in (sys.executable, os.path.dirname(os.__file__))):
    sys.exit(1)
print(sys.executable)'
}

candidates() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        old_ifs=$IFS
        IFS=:
        for folder in $PATH /usr/local/bin /usr/bin; do
            if [ -x "$folder/$name" ]; then printf '%s\n' "$folder/$name"; fi
        done
        IFS=$old_ifs
    done
}

# Prints the interpreter to use, or says why there is none.
find_python() {
    private=
    bare=
    while read -r path; do
        is_python "$path" || continue
        if ! has_venv "$path"; then
            bare=$path
        elif for_everybody "$path"; then
            return 0
        elif [ -z "$private" ]; then
            private=$path
        fi
    done <<LIST
$(candidates)
LIST
    if [ -n "$private" ]; then
        say "note: only root can run $private; other users will need an environment of their own"
        "$private" -c 'import sys; print(sys.executable)'
    elif [ -n "$bare" ]; then
        say "$bare cannot make virtual environments. Debian and Ubuntu: apt-get install python3-venv"
        return 1
    else
        say "There is no Python >= 3.11 here. Debian and Ubuntu: apt-get install python3 python3-venv"
        return 1
    fi
}

make_folder() {
    python=$(find_python) || exit 1
    say "making $venv with $python"
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

# uv does not read pip's configuration, so where it cannot reach an index pip is asked.
install() {
    if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
        uv pip install --quiet --python "$venv/bin/python" -c "$constraints" -e "$1" && return
        say "uv could not install; trying pip"
    fi
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check -c "$constraints" -e "$1"
}

if [ ! -e "$mark" ] || ! is_python "$venv/bin/python"; then make_folder; fi
rm -f "$mark"
say "installing the packages it needs${extra:+ and those for $extra} (the first time takes a minute)"
install ".${extra:+[$extra]}"
: >"$mark"
