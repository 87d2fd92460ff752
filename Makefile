# The project's commands. Each is one plain line that can be copied and run by hand.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: setup demo test laws check bench serve clean

setup: $(BIN)/.ready ## Build .venv with pip alone, from the pinned constraints

$(BIN)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,postgres]'
	@touch $@

demo: setup ## The main job, end to end, on four invented records
	$(BIN)/transition-adapter demo $(ARGS)

test: setup ## Every test that this machine can run
	$(BIN)/python -m pytest $(ARGS)

laws: setup ## The laws on new examples, ten times as many as the tests try
	$(BIN)/python -m pytest tests/properties --hypothesis-profile=search $(ARGS)

check: setup ## Style, types and the rule of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: setup ## Measure what docs/performance.md reports
	for each in bench/*.py; do $(BIN)/python $$each || exit 1; done

serve: setup ## Run web and worker with the settings of the environment
	$(BIN)/transition-adapter serve $(ARGS)

clean: ## Remove what setup built
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
