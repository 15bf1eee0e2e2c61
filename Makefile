# Every command of the project. `make` alone lists them. Needs git, make and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
HASHED := $(PIP) install --require-hashes --no-deps
WHEELS := $(HASHED) --only-binary :all:
LOCK := $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
# Rounds after every operation on every processor, as ours does.
UNFUSED := -ffp-contract=off

# What threatexchange names besides: installed already, or built from source for signals that are not compared.
RIVALS_LEAVE := numpy pillow pdqhash weighted-levenshtein

# Stamps: newer than a lock when what it names is installed, so that nothing asks the network twice.
RUNTIME := $(VENV)/runtime.stamp
DEV := $(VENV)/dev.stamp
RIVALS := bench/.data/rivals.stamp

# Processes that share the tests; who has none left takes some of the others.
WORKERS ?= 2

CHECKS := format lint spelling types floors tests

.DEFAULT_GOAL := help
.PHONY: help setup demo run check audit fix pictures texts fast fuzz bench bench-data bench-matching bench-rivals reference lock clean $(CHECKS:%=check-%)

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(DEV) ## install Haechi and its development tools into .venv

demo: $(RUNTIME) ## try Haechi in the browser, with no token and no account
	@$(BIN)/haechi demo

run: $(RUNTIME) ## run the bot with the token of config.toml
	@$(BIN)/haechi run

check: $(DEV) ## run every check, the quick ones first, and sum up
	@failed=; took=; for one in $(CHECKS); do \
		echo "== $$one"; since=$$(date +%s); $(MAKE) --no-print-directory check-$$one || failed="$$failed $$one"; \
		took="$$took, $$one $$(($$(date +%s) - since)) s"; \
	done; \
	echo "make check: it took $${took#, }"; \
	if [ -n "$$failed" ]; then echo "make check: FAILED:$$failed"; exit 1; fi; \
	echo "make check: all passed ($(CHECKS))"

audit: $(BIN)/python ## look the locked packages up among known weaknesses; says so when nobody can be asked
	@$(BIN)/python deploy/audit.py

fix: $(DEV) ## format, and mend what can be mended without thought
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: $(DEV) ## take the screenshots in docs/ again
	HAECHI_PICTURES=docs HAECHI_REQUIRE=browser $(BIN)/pytest -q tests/browser/test_demo.py tests/browser/test_panels.py

texts: $(DEV) ## bring the catalogues up to date with the texts in the code
	@$(BIN)/pybabel -q extract -k say:2 -k say_n:2,3 --no-default-keywords --add-location=file --width=120 \
		--project=haechi --version=0.1 --header-comment="# Every text of Haechi, taken from the code." \
		-o bot/locales/haechi.pot bot handlers
	@$(BIN)/pybabel -q update -i bot/locales/haechi.pot -d bot/locales -D haechi --no-fuzzy-matching \
		--ignore-obsolete --width=120

fast: $(RUNTIME) ## look pictures up faster on long lists: installs numba, 200 MB
	@$(WHEELS) -r requirements-fast.lock

fuzz: $(DEV) ## feed the decoders spoiled files at random: COUNT of them, or again with SEED, or ONLY one
	@$(BIN)/python -m tests.fuzz $(COUNT:%=--count %) $(SEED:%=--seed %) $(if $(ONLY),--only "$(ONLY)")

bench: $(DEV) $(RIVALS) ## measure speed and recall
	$(BIN)/python -m bench

bench-data: $(DEV) ## fetch the openly licensed photos that matching is measured with
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m bench.matching.originals

bench-matching: $(DEV) ## measure how well altered copies are recognised; see bench/README.md for its options
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.matching $(OPTIONS)

reference: $(DEV) ## compile and install the PDQ that the tests compare ours with; needs g++ and python3-dev
	@{ command -v c++ >/dev/null && \
		$(BIN)/python -c 'import pathlib, sysconfig as s; pathlib.Path(s.get_path("include"), "Python.h").stat()' 2>/dev/null; } || { \
		echo "A C++ compiler and Python's headers are needed, for pdqhash is built here;"; \
		echo "on Debian or Ubuntu: apt-get install g++ python3-dev"; exit 1; }
	@awk '/^[a-z]/ { built = /^pdqhash==/ } !built' requirements-reference.lock | $(WHEELS) -r /dev/stdin
	@CFLAGS=$(UNFUSED) CXXFLAGS=$(UNFUSED) $(HASHED) --no-build-isolation -r requirements-reference.lock

bench-rivals: reference ## install threatexchange, and measure our rate beside its rate
	@$(WHEELS) -r requirements-bench.lock
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.matching.cost

lock: $(DEV) ## choose the newest allowed version of every dependency and write the locks
	$(LOCK) --upgrade pyproject.toml --group dev --group build -o requirements-dev.lock
	$(LOCK) --constraint requirements-dev.lock pyproject.toml -o requirements.lock
	$(LOCK) --constraint requirements-dev.lock --group pyproject.toml:build -o requirements-build.lock
	$(LOCK) --constraint requirements-dev.lock --extra fast pyproject.toml -o requirements-fast.lock
	$(LOCK) --upgrade --constraint requirements-dev.lock --group pyproject.toml:reference -o requirements-reference.lock
	$(LOCK) --upgrade --constraint requirements-dev.lock --group pyproject.toml:audit -o requirements-audit.lock
	$(LOCK) --upgrade --constraint requirements-dev.lock $(RIVALS_LEAVE:%=--no-emit-package %) bench/rivals.in -o requirements-bench.lock

clean: ## remove everything that the other commands made, but no settings and no data
	rm -rf $(VENV) build dist .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find bot handlers tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

check-format:
	@$(BIN)/ruff format --check .
check-lint:
	@$(BIN)/ruff check --quiet .
check-spelling:
	@$(BIN)/codespell
check-types:
	@$(BIN)/mypy
check-floors:
	@$(BIN)/lint-imports --no-cache
check-tests:
	@$(BIN)/pytest -q -W error --numprocesses $(WORKERS) --dist worksteal --durations 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Haechi needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }

$(RUNTIME): requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing what Haechi needs into $(VENV): once, and about a minute …"
	@$(WHEELS) -r requirements-build.lock
	@$(WHEELS) -r requirements.lock
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(RIVALS): requirements-bench.lock | $(DEV)
	@$(WHEELS) --upgrade --target bench/.data/rivals -r requirements-bench.lock
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing the development tools …"
	@$(WHEELS) -r requirements-dev.lock
	@touch $@
