#!/usr/bin/env bash
# Sees to it that the machine has the programs a chore needs, by Debian's packages: `tools/bootstrap.sh test`.
# As root it installs what is missing; otherwise it says what to install and fails. Nothing is left out silently.
set -euo pipefail

# word of a chore -> what it needs, as "package:test that it is there"
needs() {
  case $1 in
    venv) printf '%s\n' python3-venv:ensurepip ;;
    check) printf '%s\n' make:make git:git ;;
    test) printf '%s\n' make:make git:git gcc:gcc libc6-dev:stdio strace:strace postgresql:initdb \
      chromium:chromium firefox-esr:firefox-esr ;;
    full)
      needs test
      printf '%s\n' webkit2gtk-driver:WebKitWebDriver xvfb:Xvfb
      ;;
    bench) printf '%s\n' make:make gcc:gcc libc6-dev:stdio nats-server:nats-server nodejs:node npm:npm ;;
    *)
      echo "tools/bootstrap.sh: 'venv', 'check', 'test', 'full' or 'bench', not '$1'" >&2
      exit 2
      ;;
  esac
}

is_there() {
  case $1 in
    ensurepip) python3 -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null ;;
    stdio) [ -e /usr/include/stdio.h ] ;;
    initdb) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}

missing() {
  local need
  needs "$1" | while read -r need; do
    is_there "${need#*:}" || printf '%s ' "${need%%:*}"
  done
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  # RUNLEVEL=1 keeps Debian from starting a system-wide PostgreSQL: the tests start private ones.
  apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

lacking=$(missing "${1:?venv, check, test, full or bench}")
[ -z "$lacking" ] && exit

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's packages: $lacking"
  # shellcheck disable=SC2086 # the list is meant to be split
  install $lacking
  lacking=$(missing "$1")
  [ -z "$lacking" ] && exit
fi
printf '\nThis machine lacks: %s\nOn Debian, as root: apt-get install %s\n' "$lacking" "$lacking" >&2
exit 1
