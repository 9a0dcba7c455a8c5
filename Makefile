# The commands of the project. Each sets up what it needs in .venv, on a machine with Python alone.
PYTHON ?= python3
BIN := .venv/bin
EXAMPLE := examples/breast-cancer.csv

.PHONY: demo test sanitize check docs page format bench help-pages clean

demo: .venv/installed  ## train on a real table, predict with the network, and draw the flower
	$(BIN)/shoal train $(EXAMPLE) --target diagnosis --output breast-cancer.shoal
	$(BIN)/shoal predict breast-cancer.shoal $(EXAMPLE) --output predictions.csv
	$(BIN)/shoal demo

test: .venv/tests  ## run all tests
	$(BIN)/python -m pytest -n auto

sanitize: sanitize-address,undefined sanitize-thread  ## test the native kernels under sanitizers

sanitize-%: .venv/cmake
	$(BIN)/cmake -S . -B build/sanitize/$* -DSHOAL_SANITIZE=$*
	$(BIN)/cmake --build build/sanitize/$*
	build/sanitize/$*/kernels_test

check: .venv/checks docs  ## format, lint, types, spelling, floors, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/typos
	$(BIN)/lint-imports

docs: .venv/docs  ## build the documentation into build/site; every block of code in it runs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

page:  ## build the lab's page into the package; needs Node, which users of the package do not
	cd lab && npm ci --silent && npm run --silent check && npm run --silent build

format: .venv/checks  ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/bench  ## compare Shoal with its peers: time on its works and over all widths, worth on real tables
	$(BIN)/python benchmarks/workloads.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/watch.py
	$(BIN)/python benchmarks/streaming.py
	$(BIN)/python benchmarks/lab.py
	$(BIN)/python benchmarks/pieces.py
	$(BIN)/python benchmarks/beyond_memory.py
	$(BIN)/python benchmarks/over_dask.py
	test ! -d ../shared/data || $(BIN)/python benchmarks/tables.py
	test ! -d ../shared/data || $(BIN)/python benchmarks/ablations.py --folds 1
	test ! -d ../shared/data/mnist || $(BIN)/python benchmarks/mnist.py

help-pages: .venv/installed  ## write docs/commands.md from the commands' own help
	$(BIN)/python docs/write_commands.py

clean:
	rm -rf .venv

.venv/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.venv/installed: .venv/pip pyproject.toml CMakeLists.txt $(wildcard src/shoal/engine/native/*)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/cmake: .venv/pip
	$(BIN)/python -m pip install --quiet cmake
	touch $@

# What is installed already is not compiled again: only what an extra adds is installed.
# PyTorch is one of the tests' outside oracles; where it cannot be had, those tests are skipped.
.venv/tests: .venv/installed
	$(BIN)/python -m pip install --quiet torch==2.13.0 || echo "PyTorch is not to be had here"
	$(BIN)/python -m pip install --quiet "shoal[test]"
	touch $@

# Peers that cannot be had are left out of the comparison.
.venv/bench: .venv/installed
	$(BIN)/python -m pip install --quiet torch==2.13.0 || echo "PyTorch is not to be had here"
	$(BIN)/python -m pip install --quiet "shoal[bench]" || echo "some peers are not to be had here"
	touch $@

.venv/checks: .venv/tests
	$(BIN)/python -m pip install --quiet "shoal[test,check]"
	touch $@

.venv/docs: .venv/installed
	$(BIN)/python -m pip install --quiet "shoal[docs]"
	touch $@
