# `make` alone lists what there is. PORT and DATA may be given: make demo PORT=8100 DATA=/srv/demo

PORT ?= 8000
DATA ?= var
PYTHON_IN_VENV := .venv/bin/python
TESTS ?= tests
export PORT DATA

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test lint format bench setup setup-dev frontend messages

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "  PORT=$(PORT) DATA=$(DATA)"

demo: setup frontend ## run the whole service with the demo city, in the foreground, until Ctrl-C
	@exec $(PYTHON_IN_VENV) manage.py demo

demo-reset: setup ## forget the demo's data
	@exec $(PYTHON_IN_VENV) manage.py demo_reset

test: setup-dev frontend messages ## run all tests (TESTS=tests/bidding for some of them)
	@setup/packages.sh
	@unset DATA PORT; $${CI:+env MINGXUAN_CI=1} $(PYTHON_IN_VENV) -m pytest -n auto --dist loadfile $(TESTS)

lint: setup-dev ## style, types, import rules, migrations, texts
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m mypy .
	.venv/bin/lint-imports
	$(PYTHON_IN_VENV) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PYTHON_IN_VENV) manage.py messages --check

format: setup-dev ## put code into the one format
	$(PYTHON_IN_VENV) -m ruff check --fix .
	$(PYTHON_IN_VENV) -m ruff format .

bench: setup-dev frontend ## measure against bare Django
	@$(PYTHON_IN_VENV) -m bench

setup:
	@setup/python.sh

setup-dev:
	@setup/python.sh requirements-dev.txt

frontend: setup
	@setup/frontend.sh

messages: setup
	@$(PYTHON_IN_VENV) manage.py compile_messages
