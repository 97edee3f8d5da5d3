# make demo   the whole main job on the bundled sample organisation
# make test   everything CI runs
# Both need Python 3.11 or newer and nothing else; they make .venv themselves.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)') # one more than cores: many tests wait for a server they started

.DEFAULT_GOAL := help
.PHONY: help demo test lint types contracts unit coverage docs docs-check lock bench clean

help: ## Show these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1 — /'

.venv/run: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "okrbot needs Python 3.11 or newer; say PYTHON=python3.12 make …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: .venv/run ## Run pull, audit, digest and report on the sample organisation
	@$(BIN)/okrbot demo
	@echo; echo "okrbot lives in $(BIN)/okrbot here; say '. $(BIN)/activate' once and it is simply okrbot."

test: lint types contracts docs-check unit ## Run everything CI runs

lint: .venv/dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev ## Check types
	$(BIN)/mypy

contracts: .venv/dev ## Check that imports go down only
	$(BIN)/lint-imports

unit: .venv/dev ## Run the tests
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

coverage: .venv/dev ## Run the tests and say what they reach; takes half as long again
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered --cov-report=xml

docs: .venv/dev ## Write the generated pages of docs/
	$(BIN)/python -m docs.generate

docs-check: .venv/dev ## Check that the generated pages are up to date
	$(BIN)/python -m docs.generate --check

lock: ## Pin every dependency again, with hashes and without addresses
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/pip install --quiet pip-tools
	.venv/lock/bin/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --output-file requirements.txt requirements.in
	.venv/lock/bin/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --output-file requirements-dev.txt requirements-dev.in

bench: .venv/dev ## Measure speed and judgement; prints ratios against baselines
	@for script in $$(grep -l '"--quick"' bench/*.py); do echo "== $$script"; $(BIN)/python $$script --quick || exit 1; done

clean: ## Remove what make made
	rm -rf .venv build dist okrbot-demo .coverage coverage.xml .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
