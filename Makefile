# Two commands: `make demo` shows the product, `make test` passes its tests. Both set up what they need.
.DEFAULT_GOAL := help
.PHONY: help setup demo test screenshots sure checks lint types contracts deploy-check coverage format stop clean

# The first Python that is new enough; 3.12 before newer ones, since the Redis wheel stops there.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py

# Where bytecode is forbidden, each of the hundreds of processes that tests start would compile the product anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: ## the virtual environment and the front end, by their pinned requirements
	@$(PYTHON) .ci/setup.py
	@$(BIN)/python .ci/front.py

demo: setup ## everything up with demo data, until Ctrl-C
	@$(MANAGE) demo

test: setup ## all tests, with a worker for each core; or some: ARGS="-n 0 -k words --pdb"
	@$(BIN)/pytest -n auto --no-loadscope-reorder $(ARGS)

screenshots: setup ## pictures of every page with demo data, into screenshots/
	@$(BIN)/pytest -q tests/browser/taking_pictures.py --timeout 600

sure: ## all that must hold before a change is shared
	@$(MAKE) test ARGS="--cov --cov-report= --cov-fail-under=0"
	@$(MAKE) checks

checks: lint types contracts deploy-check coverage ## `make sure` without the tests

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

contracts: setup
	@$(BIN)/lint-imports
	@$(MANAGE) makemigrations --check --dry-run

deploy-check: setup
	@.ci/check-deploy

coverage:
	@$(BIN)/coverage report

format: setup ## put the code in its format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

stop: ## stop the embedded services
	@test ! -x $(BIN)/python || $(MANAGE) services stop

clean: ## remove all that was made here, the demo's data too
	@test ! -x $(BIN)/python || { $(MANAGE) services remove; $(BIN)/python -m tests.databases; }
	@rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache staticfiles node_modules config/static/dist screenshots
