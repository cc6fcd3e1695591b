#!/bin/sh
# Make sure the system libraries Qt and the terminal core need are there: install what is missing when root on Debian/Ubuntu,
# otherwise name the exact packages. Usage: system-libraries.sh [offscreen|window|test] ; exit 0 = all there.
set -eu

if [ "$(uname -s)" = Darwin ]; then
  [ -e /opt/homebrew/lib/libvterm.0.dylib ] || [ -e /usr/local/lib/libvterm.0.dylib ] ||
    echo "The screens of programs in terminals are not read without libvterm. Run: brew install libvterm" >&2
fi
[ "$(uname -s)" = Linux ] || exit 0

offscreen="libglib-2.0.so.0=libglib2.0-0 libGL.so.1=libgl1 libEGL.so.1=libegl1 libxkbcommon.so.0=libxkbcommon0
libfontconfig.so.1=libfontconfig1 libdbus-1.so.3=libdbus-1-3"
core="libvterm.so.0=libvterm0"
window="libxkbcommon-x11.so.0=libxkbcommon-x11-0 libxcb-cursor.so.0=libxcb-cursor0 libxcb-icccm.so.4=libxcb-icccm4
libxcb-keysyms.so.1=libxcb-keysyms1 libxcb-shape.so.0=libxcb-shape0"
tools="git=git"
test_tools="Xvfb=xvfb openbox=openbox xdotool=xdotool xterm=xterm vim=vim htop=htop less=less tmux=tmux mc=mc fzf=fzf"

case "${1:-window}" in
  offscreen) wanted="$offscreen $core"; programs="$tools" ;;
  window) wanted="$offscreen $window $core"; programs="$tools" ;;
  test) wanted="$offscreen $window $core"; programs="$tools $test_tools" ;;
  *) echo "usage: $0 [offscreen|window|test]" >&2; exit 2 ;;
esac

# ldconfig is in /sbin, which is not on every user's PATH.
known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)
missing=""
for pair in $wanted; do
  case "$known" in
    *"${pair%%=*} "*) ;;
    *) missing="$missing ${pair#*=}" ;;
  esac
done
for pair in $programs; do
  command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing system packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 && exit 0
  apt-get update -q >/dev/null
  # Debian 13 and Ubuntu 24.04 renamed libglib2.0-0 to libglib2.0-0t64; the old name stays as a provided one.
  # shellcheck disable=SC2086
  apt-get install -y -q --no-install-recommends $missing >/dev/null
  exit 0
fi

echo "Quarterdeck needs system packages that are not installed. Run:" >&2
if command -v apt-get >/dev/null 2>&1; then
  echo "  sudo apt-get install$missing" >&2
else
  echo "  (with your package manager; Debian names)$missing" >&2
fi
exit 1
