# Any Python from 3.11 to 3.13 that can make environments; `make PYTHON=...` names one.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	>/dev/null 2>&1 && { echo $$python; break; }; done)
NO_PYTHON := echo "Daybook needs Python 3.11, 3.12 or 3.13 with its venv module: install one \
	(Debian, Ubuntu: apt-get install python3 python3-venv), or name yours with make PYTHON=..." >&2; exit 2
BIN := .venv/bin
STAMP := .venv/.installed
READERS := $(patsubst tests/readers/%.lock,.venv/readers/%/.installed,$(wildcard tests/readers/*.lock))
TRYTON := .venv/tryton/.prepared
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv installs in seconds what takes pip two minutes; pip installs uv, and everything where only
# pip's own settings lead to an index.
UV_PIP := $(BIN)/uv pip install --quiet --python $(BIN)/python
UV_LOCK := .venv/uv.lock
export DAYBOOK_HOME ?= $(CURDIR)/.daybook
# Without bytecode every process, and a test starts hundreds, would compile Daybook anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install run up test lint format bench lock

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { $(if $(strip $(PYTHON)),$(PYTHON) -m venv --clear .venv,$(NO_PYTHON)); }
	@echo "installing what requirements.lock names (half a minute the first time)"
	@awk '/^[a-z]/ {uv = /^uv==/} uv' requirements.lock >$(UV_LOCK)
	@$(PIP) --require-hashes -r $(UV_LOCK)
	@$(UV_PIP) --require-hashes -r requirements.lock || $(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q mappings connectors pipelines console sandbox
	@touch $(STAMP)

# Older DuckDBs, which the warehouse promises to: a test opens it with each.
.venv/readers/%/.installed: tests/readers/%.lock $(STAMP)
	@$(UV_PIP) --upgrade --no-deps --require-hashes --target $(@D) -r $< || \
		$(PIP) --upgrade --no-deps --require-hashes --target $(@D) -r $<
	@touch $@

# A Tryton database, which takes a minute to make; each test loads a copy. Some tests alone make it
# where they need it.
$(TRYTON): tests/tryton/prepare.py .venv/readers/tryton/.installed
	@echo "preparing a Tryton database (a minute the first time)"
	@$(BIN)/python -m tests.tryton.prepare
	@touch $@

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

# Tryton's database is made, and formats, lint and types are checked, beside the tests, which wait
# for databases now and then.
test: $(READERS)
	@log=$$(mktemp); $(MAKE) --no-print-directory $(if $(TESTS),,$(TRYTON)) lint >$$log 2>&1 & lint=$$!; \
	env -u DAYBOOK_HOME -u DAYBOOK_DATABASE_URL $(BIN)/python -m pytest -n 4 --dist worksteal --durations=20 $(if $(PYTEST_REPORT),--junitxml=$(PYTEST_REPORT)) $(TESTS); tests=$$?; \
	wait $$lint; lint=$$?; cat $$log; rm -f $$log; exit $$((tests ? tests : lint))

# `make bench SCALE=0.2` does a fifth of the work, `make bench BENCHMARKS="startup stores"` some of it.
bench: install
	$(BIN)/python -m tests.benchmarks $(BENCHMARKS) $(if $(SCALE),--scale $(SCALE))

# What everybody installs from, for every platform that Daybook runs on.
lock: install
	$(BIN)/uv pip compile --universal --python-version 3.11 --extra books --extra dev --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock pyproject.toml
