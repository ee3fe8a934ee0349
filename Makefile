# Everything a person types. Each target sets up what it needs: a fresh clone and `make demo` is enough.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up epd test check bench data docs fix build deploy setup lock clean \
	check-format check-lint check-types check-imports check-cloud check-spelling check-build check-client

PYTHON ?= python3
STAGE ?= default
CENTRE ?= MCX
SOURCES := layers functions client local simulators tests
LINT := .local/lint
BIN := .venv/bin
SAM_BIN := .tools/sam/bin
BENCH_BIN := .tools/bench/bin
# The code runs from where it stands, as the functions find it in their layers.
export PYTHONPATH := .:layers/databroker:layers/datasets:client
SAM := PATH="$(CURDIR)/$(SAM_BIN):$$PATH" SAM_CLI_TELEMETRY=0 $(SAM_BIN)/sam

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##
demo: setup ## deliver the sample files on this machine and show what came of them
	@$(BIN)/python -m local.demo

up: setup ## start the whole databroker on this machine; Ctrl-C stops it
	@$(BIN)/python -m local.up

epd: setup ## print what a shell needs to be a hospital's EPD: eval "$$(make -s epd CENTRE=MCX)"
	@$(BIN)/python -m local.epd $(CENTRE)

test: setup ## run every test
	@$(BIN)/python -m pytest $(ARGS)

check: check-format check-lint check-types check-imports check-cloud check-spelling check-build check-client test ## all that has to be green: style, types, contracts, cloud, build, tests

bench: setup $(BENCH_BIN)/.done ## measure the engine beside its peers, then the local stack; ARGS="--help" tells what it can do
	@$(BIN)/python -m local.bench --python $(BENCH_BIN)/python $(ARGS)

data: setup ## write synthetic deliveries; ARGS="--help" tells what it can do
	@$(BIN)/python -m simulators.hospital $(ARGS)

docs: setup ## make what hospitals and vendors get of each dataset again, in docs/datasets/
	@$(BIN)/python -m local.publish

fix: setup ## format the code and mend what can be mended
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

build: $(SAM_BIN)/.done ## build what goes to AWS (SAM); needs no Docker and no python3.13
	@$(SAM) build

deploy: build ## put it on AWS; STAGE=prod for production
	@$(SAM) deploy --config-env $(STAGE)

# --- make check, part by part --------------------------------------------------------------------
check-format: setup
	@$(BIN)/ruff format --check $(SOURCES)

check-lint: setup
	@$(BIN)/ruff check $(SOURCES)

check-types: setup
	@$(BIN)/mypy layers functions client local simulators tests/support

check-imports: setup
	@$(BIN)/lint-imports

# cfn-lint does not open a state machine's file, and statelint wants real ARNs: both get the
# translated template. The template as it stands is linted by sam, in check-build.
check-cloud: setup
	@$(BIN)/python -m local.translate $(LINT)
	@$(BIN)/cfn-lint $(LINT)/template.json onboarding/centre.yaml
	@$(BIN)/statelint $(LINT)/delivery.asl.json

check-spelling: setup
	@git ls-files -co --exclude-standard -z | xargs -0 $(BIN)/codespell

check-build: $(SAM_BIN)/.done
	@$(SAM) validate --lint
	@$(SAM) build

# Installed as a hospital does it, with what it names itself and nothing of this project around it.
check-client: setup
	@rm -rf .local/client && $(BIN)/python -m simulators.hospital --records 20 --errors 0 --out .local/client >/dev/null
	@$(BIN)/uv venv --quiet .local/client/venv
	@$(BIN)/uv pip install --quiet --python .local/client/venv/bin/python ./client
	@cd .local/client && venv/bin/aanleveren controleer *.csv --dataset pmicd-interventie --centre MCX

# --- tools ----------------------------------------------------------------------------------------
setup: $(BIN)/.done ## install the tools in .venv (instant when nothing changed)

# A home that cannot be written, as in many a container, keeps no downloads for the next time.
UV_FLAGS = --quiet $(shell test -w "$$HOME" || echo --no-cache)

$(BIN)/.done: requirements/dev.txt requirements/uv.txt
	@$(call make-venv,.venv)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@$(BIN)/uv pip sync $(UV_FLAGS) --python $(BIN)/python --require-hashes requirements/dev.txt requirements/uv.txt
	@touch $@

$(SAM_BIN)/.done: requirements/sam.txt $(BIN)/.done
	@$(call make-venv,.tools/sam)
	@$(BIN)/uv pip install $(UV_FLAGS) --python $(SAM_BIN)/python --require-hashes --requirement requirements/sam.txt
	@touch $@

$(BENCH_BIN)/.done: requirements/bench.txt $(BIN)/.done
	@$(call make-venv,.tools/bench)
	@$(BIN)/uv pip install $(UV_FLAGS) --compile-bytecode --python $(BENCH_BIN)/python --require-hashes --requirement requirements/bench.txt
	@touch $@

# Debian ships python3 without what a virtual environment needs. An environment is whole when it has
# pip, which comes last: one that was interrupted is made again.
define make-venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The databroker needs python3 of version 3.11 or newer; found: $$($(PYTHON) --version 2>&1)." >&2; exit 1; }; \
	if ! $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null; \
		elif sudo -n true 2>/dev/null && command -v apt-get >/dev/null; then \
			sudo -n apt-get update -qq && sudo -n apt-get install -qq -y python3-venv >/dev/null; \
		else \
			echo "Python lacks the module venv. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
		fi; \
	fi; \
	test -x $(1)/bin/pip || { echo "Setting up $(1) (once)..."; $(PYTHON) -m venv $(1); }
endef

# Compiled in the folder of the input, so that the lock reads the same on every machine.
COMPILE := uv pip compile --quiet --generate-hashes --no-emit-index-url --custom-compile-command 'make lock'
LAYER := --python-version 3.13 --python-platform aarch64-manylinux_2_28
UV := $(CURDIR)/$(BIN)

lock: setup ## pin every requirement again, with hashes; ARGS=--upgrade to take newer ones
	@cd layers && PATH="$(UV):$$PATH" $(COMPILE) $(LAYER) $(ARGS) dependencies/requirements.in -o dependencies/requirements.txt
	@cd layers && PATH="$(UV):$$PATH" $(COMPILE) $(LAYER) $(ARGS) arrow/requirements.in -o arrow/requirements.txt
	@cd requirements && for name in dev sam bench uv; do \
		PATH="$(UV):$$PATH" $(COMPILE) --universal --python-version 3.11 $(ARGS) $$name.in -o $$name.txt || exit 1; done

clean: ## remove everything that was made here, and the local stack's data
	@rm -rf .venv .tools .local .aws-sam .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -prune -exec rm -rf {} +
