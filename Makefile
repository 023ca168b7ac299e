# `make run` shows a sales department's scorecard, `make test` passes the tests; both set up first.
# ARGS go to touchline: make run ARGS="--source files --path ~/drop"

PYTHON ?= python3
BIN := .venv/bin
HOME_DIR := $(or $(TOUCHLINE_HOME),$(CURDIR)/warehouse)

export PYTHON
# Compiled modules halve every start; some images switch them off.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run test lint bench dev report docs clean
.DEFAULT_GOAL := help

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## an environment of its own in .venv, as the lock says (quick when nothing changed)
	@.ci/setup

run: setup ## the nightly: sources in, a published warehouse and a scorecard out
	@$(BIN)/touchline run $(ARGS)

test: lint ## lint, then every test
	$(BIN)/pytest -n auto $(ARGS)

lint: setup ## style and types of Python, style of SQL
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	TOUCHLINE_BUILD_FILE=:memory: $(BIN)/sqlfluff lint --disable-progress-bar --processes 1 dbt_project

# Polars is for this alone: in .venv the next `make setup` would take it out again.
bench: setup ## how fast, beside hand-written SQL, pandas, Polars, PostgreSQL: ARGS="--leads 1000000"
	@[ -f "$(HOME_DIR)/bench/packages/polars/__init__.py" ] || $(BIN)/python -m pip install --quiet \
	  --disable-pip-version-check --no-deps --require-hashes --target "$(HOME_DIR)/bench/packages" \
	  -r tests/benchmarks/requirements.lock
	@nice -n 10 $(BIN)/python -m tests.benchmarks $(ARGS)

dev: setup ## Dagster's web page with the graph, at http://127.0.0.1:3000
	@$(BIN)/touchline dev $(ARGS)

report: setup ## the scorecard of what is published
	@$(BIN)/touchline report $(ARGS)

docs: setup ## the generated pages of docs/, and every table with its lineage in TOUCHLINE_HOME/docs
	@mkdir -p "$(HOME_DIR)/docs" "$(HOME_DIR)/tmp" "$(HOME_DIR)/marts"
	$(BIN)/python docs/build.py
	TOUCHLINE_BUILD_FILE="$(HOME_DIR)/build.duckdb" TOUCHLINE_TMP_DIR="$(HOME_DIR)/tmp" \
	  TOUCHLINE_MARTS_FILE="$(HOME_DIR)/marts/touchline.duckdb" \
	  $(BIN)/dbt --quiet docs generate --static --project-dir dbt_project --profiles-dir dbt_project \
	  --target-path "$(HOME_DIR)/docs" --log-path "$(HOME_DIR)/logs"
	@echo "open $(HOME_DIR)/docs/static_index.html"

clean: ## remove the environment and the caches; TOUCHLINE_HOME stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
