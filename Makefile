# Type `make` for what there is. Written for GNU make 3.81 (macOS) and newer.
PYTHON ?= python3
PYTEST_WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
# Which tests test-short and test-long run: all of them unless said.
TESTS ?= tests

# One environment for each Python version, so that two of them do not overwrite each other.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV := .venv-$(VERSION)
BIN := $(VENV)/bin
DOCS_VENV := .venv-docs-$(VERSION)
# Where there is NVIDIA's compiler, the tests compile for it; brian2cuda is tested with Python 3.12.
COMMA := ,
EXTRAS := dev$(if $(and $(filter 3.12,$(VERSION)),$(shell command -v nvcc 2>/dev/null)),$(COMMA)cuda)
# Python compiles a module when it is first imported; pip would compile all of them, for half a minute. It has to where
# Python may not keep what it compiles.
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input \
	$(if $(PYTHONDONTWRITEBYTECODE),,--no-compile)

# Stamps of what is installed. The installation is editable: only a change of what is packaged or needed asks for a new
# one. They carry this folder's checksum, since a copied checkout must not run the code of the one it was copied from.
HERE := $(shell pwd | cksum | cut -d ' ' -f 1)
INSTALLED := $(VENV)/.installed-$(HERE)
INSTALLED_DEV := $(VENV)/.installed-dev-$(HERE)

# The demo goes on where it was, unless the sources or Python are others than when it was begun.
SOURCES := $(shell find bioplast models protocols data -type f ! -name '*.pyc')
BEGUN := results/demo/.begun-$(VERSION)

# Without a PATH, make itself finds no program, although its shell does.
export PATH ?= /usr/local/bin:/usr/bin:/bin

# Caches are kept in the user's cache folder, or beside the environment where there is none that can be written.
CACHE := $(shell c="$${XDG_CACHE_HOME:-$$HOME/.cache}"; \
	[ -n "$$XDG_CACHE_HOME$$HOME" ] && mkdir -p "$$c" 2>/dev/null && [ -w "$$c" ] && echo "$$c")
ifeq ($(CACHE),)
CACHE := $(CURDIR)/$(VENV)/cache
export XDG_CACHE_HOME := $(CACHE)
endif
# Cython and Matplotlib otherwise make folders in the user's home.
export CYTHON_CACHE_DIR ?= $(CACHE)/bioplast/cython
export MPLCONFIGDIR ?= $(CACHE)/bioplast/matplotlib

.DELETE_ON_ERROR:
.PHONY: help demo test test-short test-long lint ledger bench docs clean machine

help:
	@echo "make demo    install into $(VENV) and run every protocol in its shortest form; says where the reports are"
	@echo "make test    linter, type checker and tests, in the same environment with the extra [dev]"
	@echo "make test-short  the tests of make test without linter and type checker"
	@echo "make test-long  the tests that make test leaves to CI: notebooks, other simulators, large networks, CUDA's sources, the wheel"
	@echo "make lint    linter and type checker only"
	@echo "make ledger  measure again how far every model is from its truth: data/fidelity.csv and .md"
	@echo "make bench   side by side with plain Brian2, and with the extra [peers] with other libraries; wants a quiet machine"
	@echo "make docs    the documentation, in docs/_build, with Python 3.12 or newer in an environment of its own"
	@echo "make clean   remove environments, caches and build leftovers; results/ stays"
	@echo
	@echo "PYTHON=python3.12 picks another Python, PYTEST_WORKERS=4 the number of test processes."

demo: $(BEGUN)
	$(BIN)/bioplast run all --preset demo --out results/demo --resume

$(BEGUN): $(SOURCES) $(INSTALLED)
	@rm -rf results/demo && mkdir -p results/demo && touch $@

test: lint test-short

test-short: $(INSTALLED_DEV)
	$(BIN)/python -m pytest $(TESTS) -n $(PYTEST_WORKERS) --durations=10 -m "not long"

test-long: $(INSTALLED_DEV)
	$(BIN)/python -m pytest $(TESTS) -n $(PYTEST_WORKERS) --durations=10 -m long

ledger: $(INSTALLED_DEV)
	$(BIN)/python -m pytest tests -n $(PYTEST_WORKERS) --ledger=data/fidelity.csv

# In an environment of its own: what Sphinx needs is no affair of the tests.
docs: $(DOCS_VENV)/.installed-$(HERE)
	$(DOCS_VENV)/bin/python -m sphinx --builder html --fail-on-warning --keep-going --jobs auto --quiet docs docs/_build/html
	@echo "documentation: docs/_build/html/index.html"

$(DOCS_VENV)/.installed-$(HERE): setup.cfg pyproject.toml | machine
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12) and "make docs needs Python 3.12 or newer")'
	@echo "Installing bioplast with the extra [docs] into $(DOCS_VENV): one to two minutes the first time."
	@$(PYTHON) -m venv --clear $(DOCS_VENV)
	@$(subst $(BIN),$(DOCS_VENV)/bin,$(PIP_INSTALL)) -e '.[docs]'
	@touch $@

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED)
	$(BIN)/python benchmarks/cpp_overhead.py
	$(BIN)/python -m benchmarks.neo
	$(BIN)/python -m benchmarks.complexity
	$(BIN)/python -m benchmarks.evolution
	$(BIN)/python -m benchmarks.peers

clean:
	rm -rf .venv-* build dist *.egg-info docs/_build docs/_generated docs/api docs/notebooks docs/zoo .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is missing here, one line each. Runs every time: a line about a missing compiler explains what the demo leaves out.
machine:
	@sh .ci/machine "$(PYTHON)"

$(BIN)/python: | machine
	@$(PYTHON) -m venv --clear $(VENV)

$(INSTALLED): setup.cfg pyproject.toml | machine $(BIN)/python
	@echo "Installing bioplast into $(VENV): about a minute the first time."
	@$(PIP_INSTALL) -e .
	@touch $@

$(INSTALLED_DEV): setup.cfg pyproject.toml | machine $(BIN)/python
	@echo "Installing bioplast with its development tools into $(VENV): one to two minutes the first time."
	@$(PIP_INSTALL) -e '.[$(EXTRAS)]'
	@touch $(INSTALLED) $@
