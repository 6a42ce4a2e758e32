# `make demo` and `make test` do all their set-up; Python 3.11 or newer is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pip reads the groups of pyproject.toml itself from 25.1 on.
STAMP := $(VENV)/.installed

.PHONY: demo test unit lint wheel release clean

demo: $(STAMP)
	$(BIN)/python -m tests.acceptance.demo

test: $(STAMP)
	$(BIN)/python -m tests.run

unit: $(STAMP)
	$(BIN)/python -m pytest tests/unit -n auto

lint: $(STAMP)
	$(BIN)/python -m tests.run lint

# Two equal builds into dist/, tested on every Python that is found.
release: $(STAMP)
	$(BIN)/python -m tests.release dist

wheel: $(STAMP)
	$(BIN)/python -m build

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[migrate,redis,fastapi,metrics,k8s]' --group test --group lint
	touch $@

clean:
	rm -rf $(VENV) .demo build dist
