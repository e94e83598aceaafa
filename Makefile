# Everyday commands. `make run` and `make test` need only Python >= 3.11 and make.
.DEFAULT_GOAL := help
.PHONY: help run test test-unit browser fuzz lint format migrate bench clean

VENV := .venv
BIN := $(VENV)/bin
T ?= tests
FUZZ_EXAMPLES ?= 1000

##@ Use
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Start everything on 127.0.0.1:9011 (embedded PostgreSQL, emulators, mail catcher, service)
	@exec $(BIN)/identity dev

migrate: $(VENV)/.installed ## Apply the database migrations and exit
	@exec $(BIN)/identity migrate

##@ Develop
test: $(VENV)/.tested ## Run the whole suite (T=path runs a part)
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(T)

test-unit: $(VENV)/.tested ## Run the tests of the rules only, which cover the domain whole (seconds)
	@$(BIN)/python -m pytest tests/unit --cov=identity.domain --cov-branch --cov-report=term-missing:skip-covered \
		--cov-fail-under=100

browser: $(VENV)/.tested ## Play every page in chromium; its pictures are left in tests/artefacts/browser
	@$(BIN)/python -m pytest tests/browser

fuzz: $(VENV)/.tested ## Send generated requests to every operation (FUZZ_EXAMPLES=1000 each; hours)
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -n 2 tests/contract/test_fuzz.py tests/rocketchat/test_every_route.py

lint: $(VENV)/.tested ## ruff, format check, mypy --strict, import contracts, bandit
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit -q -r identity -c pyproject.toml

format: $(VENV)/.tested ## Reformat and fix what can be fixed
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.tested ## Measure the service against the floor (a few minutes)
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench search
	@$(BIN)/python -m tests.bench pages

clean: ## Remove the virtual environment and caches (data stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

# The virtual environment: uv when it is there (fast), else pip; .ci/constraints.txt pins the versions.
$(VENV)/.installed: pyproject.toml .ci/constraints.txt
	@sh .ci/venv.sh $(VENV) examples
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@sh .ci/venv.sh $(VENV) test
	@touch $@
