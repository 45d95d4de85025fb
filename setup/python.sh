#!/bin/sh
# Make .venv with a Python from 3.11 to 3.13 and install requirements; do nothing, and ask no network, when nothing changed.
# Usage: setup/python.sh [requirements file]
set -eu
cd "$(dirname "$0")/.."
requirements=${1:-requirements.txt}
suits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

complain() {
    echo "$*" >&2
    exit 1
}

if ! .venv/bin/python -c "$suits" 2>/dev/null; then
    python=
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c "$suits" 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || complain "Install Python 3.11, 3.12 or 3.13 (on Debian and Ubuntu: apt install python3 python3-venv)."
    rm -rf .venv
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv .venv || complain "The folder $(pwd)/.venv cannot be made."
    elif "$python" -c 'import venv' 2>/dev/null && "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip .venv || complain "The folder $(pwd)/.venv cannot be made."
        "$python" -m pip --quiet --python .venv/bin/python install pip ||
            complain "pip could not be installed into .venv; on Debian and Ubuntu: apt install python3-venv."
    else
        complain "Install the package python3-venv (on Debian and Ubuntu: apt install python3-venv), then try again."
    fi
fi

# A stamp is a copy of its list, so that a new checkout with the same lists installs nothing.
installed() {
    case $1 in
        requirements.txt) cmp -s "$1" ".venv/installed-$1" ;;
        *) cmp -s "$1" ".venv/installed-$1" && installed requirements.txt ;;
    esac
}

if ! installed "$requirements"; then
    echo "Installing the Python packages of $requirements …"
    .venv/bin/python -m pip --disable-pip-version-check install --quiet -r requirements.txt -r "$requirements" ||
        complain "The Python packages could not be installed: see the lines above (is the network there?)."
    for list in requirements.txt "$requirements"; do
        cp "$list" ".venv/installed-$list"
    done
fi
