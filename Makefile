# The one door. Needs Python 3.11+, make and git; everything else is brought into .venv, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
CODE := tabular_trpo tests $(wildcard scripts benchmarks)
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install verify test check bench theory atlas compare clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

install: $(STAMP) ## create .venv with the package (editable) and all its extras

# Depends on pyproject.toml alone: the install is editable, so sources need no second one.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11+ is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[all]'
	@touch $@

verify: $(STAMP) ## check every theorem on every model in mdps/
	$(BIN)/tabular-trpo verify mdps/

test: $(STAMP) ## run the tests on all cores (ARGS='tests/exact -k lump' for a part)
	OPENBLAS_NUM_THREADS=1 $(PYTEST) -q --numprocesses=auto --dist=worksteal $(ARGS)

check: $(STAMP) ## format, lint, types, layout rules, doctests
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy --strict
	$(PYTEST) -q tests/test_layout.py
	$(PYTEST) -q --doctest-modules --doctest-glob='*.md' tabular_trpo $(wildcard README.md docs)

bench: $(STAMP) ## time this package beside others
	$(BIN)/python -m benchmarks $(ARGS)

theory: $(STAMP) ## write docs/theory.md and docs/vocabulary.md from the tables
	$(BIN)/python -m scripts.theory_page docs/theory.md
	$(BIN)/python -m scripts.vocabulary_page docs/vocabulary.md

# One thread each: the workers are processes.
atlas: $(STAMP) ## make the atlas of best constants anew: docs/atlas.md (up to an hour)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m scripts.atlas $(ARGS)

# On the models that the sampled runs are measured on.
COMPARED := gridworld combination_lock queue rover weather island ties
compare: $(STAMP) ## compare sampled TRPO with its rivals and its exact limit: docs/compare.png
	$(BIN)/tabular-trpo compare $(COMPARED:%=mdps/%.mdp.json) --figure docs/compare.png $(ARGS)

clean: ## remove .venv and every cache
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
