# What to type in this clone; `make` alone lists it. Any Python 3.10 or newer will do: make PYTHON=python3.12 setup
PYTHON ?= python3
BIN := .venv/bin
# A worker has a Spark session of its own (up to 3 GB); tests that share a prepared lane stand in one file and stay together.
WORKERS := -n auto --maxprocesses 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check bench docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## the environment in .venv with all extras (needs Python >= 3.10 and a JDK 17 or 21); instant when nothing changed
	@$(PYTHON) scripts/setup.py

demo: setup ## from nothing to an agent's answer: sample data, pipeline, publish, lookup (leaves .goldlane/demo)
	$(BIN)/goldlane demo

test: setup ## every test but the slow ones
	$(BIN)/python -m pytest -m "not slow" $(WORKERS)

test-slow: setup ## the slow tests: kill -9, long properties
	$(BIN)/python -m pytest -m slow $(WORKERS)

check: setup ## ruff, mypy --strict, import contracts, the bundle in each target
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/goldlane bundle validate

bench: setup ## the measurements of benchmarks/, one script after the other
	@set -e; for script in $$(grep -l __main__ benchmarks/*.py); do echo "== $$script"; $(BIN)/python "$$script"; done

docs: setup ## docs/lane-features.md anew from the declarations in features/
	$(BIN)/python scripts/feature_page.py > docs/lane-features.md

lock: setup ## requirements.lock anew from pyproject.toml
	$(PYTHON) scripts/setup.py lock

clean: ## remove what can be made again: caches, build output, .goldlane (the environment stays: rm -rf .venv .uv)
	rm -rf .goldlane dist build spark-warehouse metastore_db derby.log mlruns
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name .venv -prune -o -name .uv -prune -o -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +
