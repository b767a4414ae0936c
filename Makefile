# Inkproof: `make run` opens the window, `make run IMAGE=file.png` judges an image, `make test` checks everything.

# The interpreter to use; left empty, tools/setup.sh chooses.
PYTHON ?=
SETUP := PYTHON='$(PYTHON)' sh tools/setup.sh
LOCK := pyproject.toml requirements/build.txt tools/setup.sh
VENV := .venv
BIN := $(VENV)/bin
FREEZE := build/freeze
ARGS ?=
# The tests start some hundred programs, which share the bytecode of app/ and tests/.
unexport PYTHONDONTWRITEBYTECODE
# Digits of people whom no training has seen, as a pen file; the pages quote the models' figures on it.
PENS ?= $(wildcard ../shared/data/pendigits_test.npz)

.PHONY: run check test pytest exhaustive ten-runs attack load live-testnet lint format train bench models contract icon third-party lock exe exe-bare exe-onefile exe-report windows-smoke clean

run: $(VENV)/.run
	@$(BIN)/inkproof $(if $(IMAGE),verify $(IMAGE)) $(ARGS)

# One process more than there are cores: tests wait for nodes. Modules are kept whole: many share a node or a model.
# One shuffled order for every run, so that it can be repeated; ARGS=--randomly-seed=N takes another.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
PROCESSES := -n $(shell expr $(CORES) + 1) --dist loadfile
TESTS := $(PROCESSES) --randomly-seed=1282549362

# The processes share the cores: threads of each would wait for each other's.
check test exhaustive ten-runs attack: export OPENBLAS_NUM_THREADS := 1
check test exhaustive ten-runs attack: export TF_NUM_INTRAOP_THREADS := 1
check test exhaustive ten-runs attack: export TF_NUM_INTEROP_THREADS := 1

# Lint, types, and the tests that need no node and take no seconds: for the loop of work.
check: export SELECTED := -m "not node and not slow and not exhaustive and not attack and not live"

# mypy computes in one process: the tests begin beside it.
check test: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j 2 lint pytest

pytest: $(VENV)/.dev
	$(BIN)/python -m pytest $(TESTS) $(SELECTED) $(ARGS)

# Every one of MNIST's 10,000 test images through both Scripts, and ten times as many of Hypothesis's examples: over
# two hours on two cores.
exhaustive: export INKPROOF_EXAMPLES := 10
exhaustive: $(VENV)/.dev
	$(BIN)/python -m pytest $(TESTS) -m "exhaustive or hypothesis" $(ARGS)

# The whole suite ten times, each in another order, with two busy processes beside it; ARGS=--count=1 for fewer.
ten-runs: $(VENV)/.dev
	$(BIN)/python -m tools.ten_runs $(PROCESSES) $(ARGS)

# Over 100,000 forged spends of the contract, over 10,000 of the bounty, and a table of what was tried: half an hour.
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
	$(BIN)/inkproof evaluate --all --output docs/models.md $(if $(PENS),--pens $(PENS)) --json > build/models.json
	mv build/models.json assets/models.json

contract: $(VENV)/.dev
	$(BIN)/inkproof contract build
	$(BIN)/inkproof contract info

$(VENV)/.run: $(LOCK) requirements/run.txt
	@$(SETUP) run $(VENV)

$(VENV)/.dev: $(LOCK) requirements/dev.txt
	@$(SETUP) dev $(VENV)

# Exact versions with hashes, in requirements/; ARGS=--upgrade takes the newest that pyproject.toml allows.
lock:
	sh tools/lock.sh $(ARGS)

icon: $(VENV)/.dev
	$(BIN)/python -m tools.icon

third-party: $(VENV)/.dev
	$(BIN)/python -m tools.third_party

# The program without Python: built in an environment of its own, then held to its self-test in a root that holds
# nothing else, where one can be made.
exe:
	@$(SETUP) freeze $(FREEZE)
	$(FREEZE)/bin/pyinstaller --noconfirm --log-level WARN --workpath build/work build.spec
	$(FREEZE)/bin/python -m tools.bare dist/inkproof/inkproof

# That test alone, of the program that was built before.
exe-bare: $(VENV)/.dev
	$(BIN)/python -m tools.bare dist/inkproof/inkproof

exe-onefile:
	@$(SETUP) freeze $(FREEZE)
	$(FREEZE)/bin/pyinstaller --noconfirm --log-level WARN --workpath build/work-onefile \
	  --distpath dist/onefile build.spec -- --onefile
	dist/onefile/inkproof selftest

# Size, time to the first frame and to the first reading, as JSON.
exe-report: $(VENV)/.dev
	$(BIN)/python -m tools.measure dist/inkproof/inkproof dist/onefile/inkproof $(ARGS)

# What runs on Windows, tried in Wine (Debian's wine64), outside the default tests: some minutes.
windows-smoke: $(VENV)/.dev
	sh tools/windows.sh $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
