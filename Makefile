# make demo        set up, then mix, train, evaluate and report, in visible steps; FAST=1 trains fewer steps
# make test        set up, then lint, types, layers and tests
# make test-quick  the same without the tests that take long
# make clean       remove the set-up and caches; mixes, runs and scores stay
SHELL := bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Of what pip says, errors and the packages that take a while, as they come; the rest is in pip.log.
PIP_LINES := 2>&1 | tee $(VENV)/pip.log | { grep --line-buffered --only-matching --extended-regexp \
  '^ *(Downloading|Using cached) .*[MG]B\)|^Installing collected packages|^ *(ERROR|error)\b.*' || true; }
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo test test-quick clean

demo: $(VENV)/ready
	@$(BIN)/python research/demo.py $(if $(FAST),--fast)

test-quick: TESTS := -m "not slow"
test test-quick: $(VENV)/ready-dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	OMP_NUM_THREADS=1 $(BIN)/pytest --quiet --numprocesses 2 --dist worksteal $(TESTS)

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1), and Espalier wants Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "== setting up $(VENV) (once; torch and friends take a few minutes to fetch)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) . $(PIP_LINES)
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready
	@echo "== what the tests want besides (once; Ray, lm_eval and others take a few minutes to fetch)"
	@$(PIP_INSTALL) ".[dev]" $(PIP_LINES)
	@touch $@

clean:
	rm -rf $(VENV) *.egg-info build .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
