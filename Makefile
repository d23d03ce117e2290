PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed
export DAYBOOK_HOME ?= $(CURDIR)/.daybook

.PHONY: install run up test lint format bench lock

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements.lock names (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: install
	@$(BIN)/daybook demo

up: install
	@$(BIN)/daybook up

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DAGSTER_HOME= $(BIN)/python -W "ignore::UserWarning" -m dagster definitions validate -w workspace.yaml

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: lint
	env -u DAYBOOK_HOME -u DAYBOOK_DATABASE_URL $(BIN)/python -m pytest -n 2 --dist worksteal $(if $(PYTEST_REPORT),--junitxml=$(PYTEST_REPORT))

bench: install
	$(BIN)/python -m tests.benchmarks

# Needs uv; everybody else installs from the file it writes.
lock:
	uv pip compile --python-version 3.11 --extra books --extra dev --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock pyproject.toml
