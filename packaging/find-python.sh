#!/bin/sh
# Print a Python ≥ 3.11 that can make a virtual environment; install one when root on Debian/Ubuntu.
set -eu

works() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_one() {
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
    if works "$candidate"; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

find_one && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3 python3-venv; } >&2
  find_one && exit 0
fi
echo "Quarterdeck needs Python 3.11 or newer with venv. Debian/Ubuntu: sudo apt-get install python3 python3-venv;" >&2
echo "macOS: brew install python@3.13. Or name one: make PYTHON=/path/to/python3" >&2
exit 1
