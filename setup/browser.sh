#!/bin/sh
# Find a browser for the tests. As root on Debian or Ubuntu a missing one is installed; else the tests skip and name it.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "No Chrome or Chromium here: the browser tests will be skipped (packages: chromium, fonts-noto-cjk)." >&2
    exit 0
fi
echo "Installing the packages chromium and fonts-noto-cjk for the browser tests …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null || true
if ! apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; then
    echo "The packages chromium and fonts-noto-cjk could not be installed; the browser tests need them." >&2
fi
