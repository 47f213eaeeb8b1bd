# Each target does its own set-up: a fresh machine needs Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test lint types layer bench bench-scale simulate crash hostile mutants deploy-lint deploy-check second-s3 reference report-check clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## what there is
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(READY): pyproject.toml $(wildcard sources/*/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or make PYTHON=/path/to/python3"; exit 1; }
	@echo "setting up $(VENV) ($$($(PYTHON) --version)); the first time takes about a minute"
	@$(PYTHON) -m venv $(VENV) || { echo "no venv: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1" 2>&1 | { grep -v '^WARNING' || true; }
	@$(BIN)/python -m pip install --quiet --group dev -e . $(addprefix -e ,$(dir $(wildcard sources/*/pyproject.toml))) \
		2>$(VENV)/install.log || { cat $(VENV)/install.log; exit 1; }
	@touch $@

demo: $(READY) ## the main job, without a key or an account
	@$(BIN)/ingest demo
	@echo "or without a key: docs/first-run.md goes on from here"

test: $(READY) ## every test
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadgroup

lint: $(READY) ## style, types, import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy layer/*.py
	@MYPYPATH=layer:tests/lambda:tests/lake:tests/report $(BIN)/mypy bench/*.py
	@$(BIN)/mypy docs/generate.py
	@MYPYPATH=tests/fault $(BIN)/mypy tests/fault
	@$(BIN)/mypy tests/simulation tests/hostile
	@$(BIN)/mypy --explicit-package-bases tests/mutants
	@$(BIN)/mypy tests/second_s3
	@$(BIN)/mypy --explicit-package-bases tests/browser tests/report/made_up.py
	@MYPYPATH=layer:tests/lambda:deploy $(BIN)/mypy deploy tests/deploy
	@$(BIN)/lint-imports

layer: $(READY) ## the Lambda layer, in layer/dist (LAYER="--python 3.12 --arch arm64" for another)
	@$(BIN)/python layer/build.py $(LAYER)

bench: $(READY) ## side by side with dlt, Singer, Airbyte and the script people write (RECORDS=2000 ROUNDS=3 SCENARIO=cpu)
	@$(BIN)/python bench/run.py --records $(or $(RECORDS),2000) --rounds $(or $(ROUNDS),3) \
		$(if $(SCENARIO),--scenario $(SCENARIO))

bench-scale: $(READY) ## one run by 1, 2, 4 and 8 workers (SCALE="films dask steps --records 5000 --workers 1 2 --rate 500")
	@$(BIN)/python bench/scale.py $(SCALE)

simulate: $(READY) ## the shipped code in a world that a seed decides (SEEDS=10000 FIRST=1; SEEDS=1 tells each step)
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),10000) --first $(or $(FIRST),1)

crash: $(READY) ## kill real runs at random (KILLS=60 PAIRS=10 LAKE=disk|s3 SEED=1 RECORD=1)
	@PYTHONPATH=tests/fault $(BIN)/python -m crash --kills $(or $(KILLS),60) --pairs $(or $(PAIRS),10) \
		--lake $(or $(LAKE),disk) --seed $(or $(SEED),1) $(if $(RECORD),--record)

hostile: $(READY) ## a hostile API for a day (RESPONSES=10000 SHARE=0.2 SEED=1 RECORD=1)
	@$(BIN)/python -m tests.hostile --responses $(or $(RESPONSES),10000) --share $(or $(SHARE),0.2) \
		--seed $(or $(SEED),1) $(if $(RECORD),--record)

mutants: $(READY) ## take back each promise of the protocol in a copy of the code; a named check must notice
	@$(BIN)/python -m tests.mutants $(MUTANTS)

deploy-lint: $(READY) ## the SAM template, as cfn-lint and `sam validate --lint` judge it
	@$(BIN)/cfn-lint --regions us-east-1 -- deploy/template.yaml
	@SAM_CLI_TELEMETRY=0 $(BIN)/uv tool run --quiet --from aws-sam-cli sam validate --lint --region us-east-1 \
		--template deploy/template.yaml

deploy-check: deploy-lint ## the SAM template linted and translated, its workflow and its role tried
	@$(BIN)/python -m pytest -q tests/deploy

second-s3: $(READY) ## the lake's contract and a series of crashes against Ceph RGW, from Debian's packages
	@$(BIN)/python tests/second_s3/run.py $(SECOND_S3)

reference: $(READY) ## the pages of docs/ that are made from the code
	@$(BIN)/python docs/generate.py

report-check: $(READY) ## the report in headless Chromium: console, requests, width, axe-core (SHOOT=1 makes docs/images)
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || \
		{ echo "skipped: no Chromium (on Debian and Ubuntu, apt install chromium)"; exit 0; }; \
	command -v npm >/dev/null || { echo "skipped: no npm, which brings axe-core"; exit 0; }; \
	$(BIN)/python -m pip install --quiet --group browser && \
	npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix $(VENV)/axe axe-core@4 >/dev/null && \
	$(BIN)/python -m tests.browser --axe $(VENV)/axe/node_modules/axe-core/axe.min.js \
		$(if $(SHOOT),--shoot docs/images)

clean: ## what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache layer/build layer/dist dry-run
