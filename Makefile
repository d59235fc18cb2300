# scogen: `make run` and `make test` set up what they need in .venv and do it; nothing else has to be installed.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url
# `make lock UPGRADE=--upgrade` takes the newest versions; without, those that still fit are kept.
UPGRADE ?=
export KEDRO_DISABLE_TELEMETRY := true

.DEFAULT_GOAL := help
.PHONY: help run test test-backends lint types imports tests lock clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: .venv/installed ## Set up, then run the whole chain on embedded data and print a piece
	$(BIN)/kedro run
	@echo "A new piece, as page, score and sound:"
	@ls -1 data/07_model_output/* | sed 's/^/  /'

test: lint types imports tests ## Set up, then check everything

lint: .venv/installed-dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-dev ## Check types
	$(BIN)/mypy

imports: .venv/installed-dev ## Check that layers import downwards only
	$(BIN)/lint-imports

tests: .venv/installed-dev ## Run the tests
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

test-backends: .venv-backends/installed ## Check that TensorFlow, JAX and PyTorch agree, in an environment of its own
	.venv-backends/bin/python -m pytest tests/backends

lock: .venv/installed-dev ## Write requirements.lock and requirements-dev.lock anew from pyproject.toml
	$(PIP) install --quiet uv
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(COMPILE) $(UPGRADE) --extra backends --extra dev -c requirements-dev.lock pyproject.toml | grep -Ev '^(cuda|nvidia|triton)' > requirements-backends.lock

clean: ## Remove the environment and all that a run made
	rm -rf .venv .venv-backends .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .viz mlflow.db mlruns mlartifacts build info.log*
	git clean -fdXq data

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed: make run PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (about 3 GB, a few minutes) ..."
	$(PIP) install --quiet -r requirements.lock
	$(PIP) install --quiet --no-deps --editable .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(PIP) install --quiet -r requirements-dev.lock
	@touch $@

# The wheels of CUDA that PyTorch asks for are left out of the lock: the comparison runs on the CPU.
.venv-backends/installed: requirements-backends.lock pyproject.toml
	test -x .venv-backends/bin/python || $(PYTHON) -m venv .venv-backends
	.venv-backends/bin/python -m pip --disable-pip-version-check install --quiet -r requirements-backends.lock
	.venv-backends/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	@touch $@
