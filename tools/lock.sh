#!/usr/bin/env bash
# Writes requirements/*.txt anew from pyproject.toml: exact versions with hashes, for every platform.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  .venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links --no-emit-package unisono-sdk "$@"
}

[ -x .venv-lock/bin/python ] || python3 -m venv .venv-lock
.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt

# `test` holds everything; the others are parts of it, so that one environment serves all.
compile pyproject.toml --all-extras --group test --group build -o requirements/test.txt
compile pyproject.toml --all-extras -c requirements/test.txt -o requirements/run.txt
compile --group pyproject.toml:build -c requirements/test.txt -o requirements/build.txt
compile --group pyproject.toml:lock -o requirements/lock.txt
