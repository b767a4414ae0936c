# Inkproof: `make run` opens the window, `make run IMAGE=file.png` judges an image, `make test` checks everything.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
FREEZE := build/freeze
QUIET := --quiet --disable-pip-version-check --use-pep517
ARGS ?=

.PHONY: run test exhaustive attack load live-testnet lint format train bench models contract icon third-party exe exe-onefile exe-report clean

run: $(VENV)/.run
	@$(BIN)/inkproof $(if $(IMAGE),verify $(IMAGE)) $(ARGS)

test: lint
	$(BIN)/python -m pytest $(ARGS)

# Every one of MNIST's 10,000 test images through both Scripts: over an hour on two cores.
exhaustive: $(VENV)/.dev
	$(BIN)/python -m pytest -m exhaustive $(ARGS)

# Over 100,000 forged spends of the contract, and a table of what was tried: a quarter of an hour.
attack: $(VENV)/.dev
	$(BIN)/python -m pytest tests/attack -m 'attack or not attack' $(ARGS)

# On the real testnet: INKPROOF_HOME names a data folder whose testnet wallet has coins.
live-testnet: $(VENV)/.dev
	$(BIN)/python -m pytest -m live -s $(ARGS)

# 1,000 images through `inkproof verify` on a node of their own: some minutes, prints JSON.
load: $(VENV)/.dev
	$(BIN)/python -m tests.load $(ARGS)

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

# Every model that ships, measured: a page, and the figures that the window shows beside their names.
models: $(VENV)/.dev
	mkdir -p build
	$(BIN)/inkproof evaluate --all --output docs/models.md --json > build/models.json
	mv build/models.json assets/models.json

contract: $(VENV)/.dev
	$(BIN)/inkproof contract build
	$(BIN)/inkproof contract info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install $(QUIET) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install $(QUIET) -e '.[dev]'
	@touch $@ $(VENV)/.run

icon: $(VENV)/.dev
	$(BIN)/python -m tools.icon

third-party: $(VENV)/.dev
	$(BIN)/python -m tools.third_party

# The program without Python: built in an environment of its own, and held to its self-test.
exe: $(FREEZE)/.ready
	$(FREEZE)/bin/python -m pip install $(QUIET) --no-deps --force-reinstall .
	$(FREEZE)/bin/pyinstaller --noconfirm --log-level WARN --workpath build/work build.spec
	dist/inkproof/inkproof selftest

exe-onefile: $(FREEZE)/.ready
	$(FREEZE)/bin/python -m pip install $(QUIET) --no-deps --force-reinstall .
	$(FREEZE)/bin/pyinstaller --noconfirm --log-level WARN --workpath build/work-onefile \
	  --distpath dist/onefile build.spec -- --onefile
	dist/onefile/inkproof selftest

# Size, time to the first frame and to the first reading, as JSON.
exe-report: $(VENV)/.dev
	$(BIN)/python -m tools.measure dist/inkproof/inkproof dist/onefile/inkproof $(ARGS)

$(FREEZE)/.ready: pyproject.toml
	$(PYTHON) -m venv --clear $(FREEZE)
	$(FREEZE)/bin/python -m pip install $(QUIET) '.[freeze]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
