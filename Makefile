# The chores. `make` alone tells them; each is a word and sets up what it needs.

PYTHON := .venv/bin/python
DATA   := ./data
ARGS   :=
HOURS  := 2

# A hundred servers are started by the tests: each would compile all it loads.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run setup check test full soak bench rows docs lock clean

help: ## tell the chores
	@awk 'BEGIN { FS = ":.*## "; print "\nUnisono: one user, many live sessions, everything in step\n" } \
	  /^[a-z]+:.*## / { printf "  \033[1mmake %-6s\033[0m %s\n", $$1, $$2 } \
	  END { print "\n  make run ARGS=\"--port 9000\" hands options to unisono serve\n" }' $(MAKEFILE_LIST)

run: ## set up what is missing and serve the demo on 127.0.0.1:8080
	@tools/setup.sh run
	@exec .venv/bin/unisono serve --dev --data $(DATA) $(ARGS)

setup: ## make .venv from the locked dependencies, tests included
	@tools/setup.sh test

check: setup ## format, lint, types, imports, sizes, docs in step (< 1 min)
	@tools/bootstrap.sh check
	@$(PYTHON) -m tools.check

test: setup ## every deterministic suite and the short adverse runs (< 10 min on two cores)
	@tools/bootstrap.sh test
	@$(PYTHON) -m tools.check
	@$(PYTHON) -m tools.suites test

full: setup ## the adverse, security and fuzz suites at full figures (< 60 min)
	@tools/bootstrap.sh full
	@$(PYTHON) -m tools.suites full

soak: setup ## the long runs, for hours: HOURS=2
	@tools/bootstrap.sh test
	@TESTS_SOAK_HOURS=$(HOURS) $(PYTHON) -m tools.suites soak

bench: setup ## ratios against peers and limits, into bench/out/latest.json (browser alone 14 min; ARGS names single ones)
	@tools/bootstrap.sh bench
	@$(PYTHON) -m bench $(ARGS)

rows: setup ## acceptance rows and the tests that prove them
	@tools/bootstrap.sh check
	@$(PYTHON) -m tools.rows $(ARGS)

docs: setup ## write the generated reference pages
	@tools/bootstrap.sh check
	@$(PYTHON) -m tools.docs write

lock: ## renew requirements/*.txt from pyproject.toml
	@tools/lock.sh

clean: ## remove what can be made again; data stays
	@rm -rf sdk/typescript/dist sdk/typescript/node_modules tests/browser/node_modules tests/typescript/node_modules tests/conformance/leancloud/*/node_modules .venv .venv-lock .setup.lock .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache bench/out dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
