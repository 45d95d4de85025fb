#!/bin/sh
# What the tests want of the machine and no wheel has: a browser, curl for the examples of the documentation, and Go for a
# client of the log that we did not write.
# As root on Debian or Ubuntu what is missing is installed; else the tests that need it skip and name the packages.
set -eu

any_of() {
    for name in "$@"; do
        if command -v "$name" >/dev/null; then return 0; fi
    done
    return 1
}

missing=""
any_of chromium chromium-browser google-chrome google-chrome-stable chrome || missing="chromium fonts-noto-cjk"
any_of curl || missing="$missing curl"
if ! any_of go || [ ! -d /usr/share/gocode/src/golang.org/x/mod ]; then
    missing="$missing golang-go golang-golang-x-mod-dev"
fi
if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing packages, without which some tests are skipped: $missing." >&2
    exit 0
fi
echo "Installing packages for the tests: $missing …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null || true
# shellcheck disable=SC2086  the names are words
if ! apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
    echo "They could not be installed; the tests need them: $missing." >&2
fi
