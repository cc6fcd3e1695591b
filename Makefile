# Quarterdeck. `make run` sets up and opens the demo fleet, `make test` sets up and passes the tests.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest
WORKERS := 2

.PHONY: help setup run test check lint types imports docs slow real real-latest corpus bench shots constraints clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## Make the virtual environment with everything the program needs

$(VENV)/bin/python:
	@python=$$(packaging/find-python.sh) && echo "using $$python" && "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check 'pip>=25.1'

$(STAMP): pyproject.toml packaging/constraints.txt | $(VENV)/bin/python
	@packaging/system-libraries.sh window
	@echo "installing Quarterdeck and its packages into $(VENV) (about 300 MB the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c packaging/constraints.txt -e .
	@touch $@

$(DEV_STAMP): $(STAMP)
	@packaging/system-libraries.sh test
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c packaging/constraints.txt -e . --group dev
	@touch $@

run: $(STAMP)  ## Open the demo fleet (without a display: print it and write screenshots)
	@$(BIN)/quarterdeck demo

test: $(DEV_STAMP)  ## Pass the tests
	@$(PYTEST) -n $(WORKERS) -q -m "not slow and not real and not display"

check: lint types imports docs test slow  ## Lint, types, import contracts, docs, all tests

lint: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	@$(BIN)/mypy

imports: $(DEV_STAMP)
	@$(BIN)/lint-imports

docs: $(DEV_STAMP)
	@$(BIN)/python docs/generate.py --check

slow: $(DEV_STAMP)  ## The slow tests, and those that need a display (under Xvfb)
	@$(PYTEST) -q -m "slow and not real and not display"
	@$(BIN)/python -m pytest -q -m "display and not real"

real: $(DEV_STAMP)  ## Real agent programs from npm against a scripted model API on loopback
	@$(BIN)/python tests/real/install.py
	@QUARTERDECK_REAL=1 $(PYTEST) -n $(WORKERS) -q -m real tests/real

real-latest: $(DEV_STAMP)  ## The newest agent programs; only reports
	-@$(BIN)/python tests/real/install.py --latest && QUARTERDECK_REAL=latest $(PYTEST) -q -m real tests/real

corpus: $(DEV_STAMP)  ## Record the status corpus anew from the real agent programs (some twenty minutes)
	@$(BIN)/python tests/real/install.py
	@$(BIN)/python tests/real/corpus.py

bench: $(DEV_STAMP)  ## Measure, beside baselines
	@failed=0; for name in spine logs; do QT_QPA_PLATFORM=offscreen $(BIN)/quarterdeck bench $$name || failed=1; done; exit $$failed

shots: $(STAMP)  ## Draw all screenshots into shots/ and renew the README's
	@QT_QPA_PLATFORM=offscreen $(BIN)/quarterdeck demo --headless --shot shots
	@cp shots/triage-dark-1280x800.png docs/images/triage-dark.png

constraints: $(DEV_STAMP)  ## Renew packaging/constraints.txt from what is installed
	@{ head -n 1 packaging/constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(pyside|shiboken)' | sort -f; } > $(VENV)/constraints.txt
	@mv $(VENV)/constraints.txt packaging/constraints.txt

clean:  ## Remove what was built here
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
