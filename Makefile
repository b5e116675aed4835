# Every target sets up what it needs in .venv (pinned in requirements/), and is instant the second time.
# Needs Python 3.11 or newer and make; nothing else.  make demo PYTHON=python3.12 SPEED=60 START=2026-07-15T06:00

PYTHON ?= python3
SITE ?=
SPEED ?=
START ?=
NPM ?= npm
TESTS ?=
PEERS ?=
UV = build/lock/bin/uv

RUN = .venv/bin/
SETUP = @$(PYTHON) tools/environment.py
PYTEST = $(RUN)python -m pytest -q
TOGETHER = -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-all lint check bench bench-peers docs ui lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## everything for developers, in .venv
	$(SETUP) dev

demo: ## the demo park; its control room is on http://127.0.0.1:8420 (SITE=, SPEED=, START=)
	$(SETUP) runtime
	@$(RUN)leyden demo $(SITE) $(if $(SPEED),--speed $(SPEED)) $(if $(START),--start "$(START)")

test: ## the tests (TESTS=tests/plan for some of them)
	$(SETUP) dev
	$(PYTEST) $(TOGETHER) $(TESTS)

test-slow: ## the tests that drive a browser, kill processes, or run for long
	$(SETUP) dev
	$(PYTEST) -m "browser or kill or soak" --timeout 1800 $(TESTS)

test-all: test test-slow ## all tests

lint: ## form, types, contracts, sizes
	$(SETUP) dev
	$(RUN)ruff format --check .
	$(RUN)ruff check .
	$(RUN)mypy
	$(RUN)lint-imports --no-logo
	$(RUN)python tools/check_sizes.py
	$(RUN)python tools/check_repo.py

check: lint test ## lint and the tests

bench: ## measure Leyden on this machine
	$(SETUP) dev
	$(PYTEST) benchmarks -m "" --benchmark-enable -p no:xdist $(TESTS)

bench-peers: ## measure other simulators beside Leyden, each in an environment of its own (PEERS=simses for some)
	$(SETUP) dev
	$(RUN)python benchmarks/peers/run.py $(PEERS)

docs: ## the documentation, into build/docs
	$(SETUP) docs
	NO_MKDOCS_2_WARNING=1 $(RUN)mkdocs build --strict --site-dir build/docs

ui: ## build the control room into src/leyden/web/static (needs Node 20.19 or newer)
	cd ui && $(NPM) ci --no-audit --no-fund && $(NPM) run build

lock: ## compile requirements/*.in again, taking newer versions
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv
	@cd requirements && for set in build runtime dev docs node; do \
	  ../$(UV) pip compile $$set.in --output-file $$set.txt --upgrade --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-emit-index-url --no-emit-find-links $$([ $$set = dev ] && echo "-c runtime.txt"); \
	done

clean: ## remove everything that can be made again, .venv too
	rm -rf .venv build dist .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache ui/node_modules
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
