# Inkproof: `make run` opens the window, `make run IMAGE=file.png` judges an image, `make test` checks everything.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: run test exhaustive lint format train bench contract clean

run: $(VENV)/.run
	@$(BIN)/inkproof $(if $(IMAGE),verify $(IMAGE)) $(ARGS)

test: lint
	$(BIN)/python -m pytest $(ARGS)

# Every one of MNIST's 10,000 test images through both Scripts: over an hour on two cores.
exhaustive: $(VENV)/.dev
	$(BIN)/python -m pytest -m exhaustive $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(VENV)/.dev
	$(BIN)/inkproof train $(ARGS)

# Writes docs/bench/bench.json and bench.png, which the README quotes.
bench: $(VENV)/.dev
	$(BIN)/inkproof bench --output docs/bench $(ARGS)

contract: $(VENV)/.dev
	$(BIN)/inkproof contract build
	$(BIN)/inkproof contract info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
