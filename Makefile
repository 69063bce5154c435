# Everything below builds its own virtual environment: only Python 3.11+ must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test soak lint format clean

demo: $(VENV)/.installed
	$(BIN)/interlingua demo --output results/demo

test: $(VENV)/.installed
	$(BIN)/pytest -n auto --dist loadfile

# Runs killed, stopped, on spoilt caches and in pairs, about an hour; CI does a small part of it (tests/test_soak.py).
soak: $(VENV)/.installed
	$(BIN)/python tools/soak.py

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "interlingua needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) results
