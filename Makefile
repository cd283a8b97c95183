# `make help` lists the targets. `make run` and `make test` install what they need: Python >= 3.11 with venv and make are enough.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The interpreter of the virtual environment: python3.11 where it is, else python3 (3.11 or newer).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# The package that Debian keeps this interpreter's venv in, such as python3.11-venv.
VENV_PACKAGE = $(shell $(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
# The site's port; the mailbox, the metrics and SMTP take the three after it.
PORT ?= 8000
# The certificates that the machine trusts, as pip does: a mirror may have one of its own.
export UV_SYSTEM_CERTS ?= 1
# Every program starts twice as fast with its modules compiled, whatever the shell says of it.
unexport PYTHONDONTWRITEBYTECODE
# Parallel test processes, and what to test (make test TESTS=tests/domain).
JOBS ?= 2
TESTS ?= tests

VENV := .venv
BIN := $(VENV)/bin
# Where .ci/monitoring-tools puts promtool, amtool and Prometheus.
WATCHING := $(VENV)/monitoring-tools/bin
UV := $(BIN)/uv pip
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-22s %s\n", $$1, $$2}'

# --- Installing: a stamp file for each layer, so that a second call installs nothing -----------------------------

$(VENV)/.bootstrap: requirements/bootstrap.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Microblog needs Python 3.11 or newer: install python3.11 and python3.11-venv, or name another Python by make PYTHON=/path" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Microblog needs Python with venv: install $(VENV_PACKAGE), or name another Python by make PYTHON=/path" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

$(VENV)/.run: $(VENV)/.bootstrap requirements/runtime.txt requirements/local.txt setup.py app/microblog/__init__.py
	@echo "Installing Microblog, PostgreSQL and Redis into $(VENV)"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes --requirement requirements/runtime.txt --requirement requirements/local.txt
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing the tools for tests and lint into $(VENV)"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes --requirement requirements/dev.txt
	@touch $@

$(VENV)/.load: $(VENV)/.dev requirements/load.txt
	@echo "Installing Locust into $(VENV)"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes --requirement requirements/load.txt
	@touch $@

# Other web servers than ours, to compare: nothing else needs them.
$(VENV)/.servers: $(VENV)/.dev requirements/servers.txt
	@echo "Installing gevent, granian and uWSGI into $(VENV)"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes --requirement requirements/servers.txt
	@touch $@

$(VENV)/.ops: $(VENV)/.dev requirements/ops.txt
	@echo "Installing Ansible and Fabric into $(VENV)"
	@$(UV) install --quiet --python $(BIN)/python --require-hashes --requirement requirements/ops.txt
	@touch $@

.PHONY: install
install: $(VENV)/.ops $(VENV)/.load ## Install everything into .venv

.PHONY: system-tools
system-tools:
	@.ci/system-tools

# promtool, amtool and Prometheus, for the checks of monitoring/.
.PHONY: monitoring-tools
monitoring-tools: $(VENV)/.bootstrap
	@.ci/monitoring-tools $(VENV)

# --- Running --------------------------------------------------------------------------------------------------------

.PHONY: run
run: $(VENV)/.run ## Start the whole site with its servers; Ctrl-C stops it (make run PORT=9000)
	@exec $(BIN)/python -m devstack up --port $(PORT)

.PHONY: lab
lab: $(VENV)/.ops ## Start eight hosts to rehearse on (root on Linux; fab --list shows what to do with them)
	@$(BIN)/fab lab.up

.PHONY: stop
stop: $(VENV)/.run ## Stop a site that make run started in another terminal
	@$(BIN)/python -m devstack stop

.PHONY: status
status: $(VENV)/.run ## Show the running programs
	@$(BIN)/python -m devstack status

.PHONY: reset
reset: $(VENV)/.run ## Delete the development data: database, mails, pictures, logs
	@$(BIN)/python -m devstack reset

# --- Checking -------------------------------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.ops $(VENV)/.load system-tools monitoring-tools ## Run the tests with coverage (under 12 minutes on 2 cores)
	@PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(WATCHING):$$PATH" JOBS=$(JOBS) .ci/test $(TESTS)

.PHONY: test-full
test-full: $(VENV)/.ops $(VENV)/.load monitoring-tools ## Run also what takes longer: long fuzzing, galleries, Lighthouse
	@.ci/system-tools full
	@PATH="$(CURDIR)/$(BIN):$(CURDIR)/$(WATCHING):$$PATH" JOBS=$(JOBS) HYPOTHESIS_PROFILE=full .ci/test --full $(TESTS)

.PHONY: test-lab
test-lab: $(VENV)/.ops ## Provision eight hosts in the lab and test them (root on Linux, under 40 minutes on 2 cores)
	@.ci/system-tools lab
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --lab -n0 --durations=0 --durations-min=30 $(if $(filter tests,$(TESTS)),tests/lab,$(TESTS))

.PHONY: drills
drills: $(VENV)/.ops ## Rehearse in the lab what takes longer
	@.ci/system-tools lab
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --drills -n0 --durations=0 --durations-min=30 tests/lab

PROFILES := profile-bench profile-servers profile-lines profile-calls profile-flame profile-memory profile-peaks profile-growth profile-plans profile-capacity profile-observability profile-load
.PHONY: $(PROFILES)
profile-bench: ## See whether every bar of performance holds (ARGS=--help: options, of all harnesses)
profile-servers: $(VENV)/.servers ## Compare our web server with others (some fifteen minutes)
profile-lines: ## Find the lines in which a scenario spends its time
profile-calls: ## Find the functions in which a scenario spends its time, with a flame graph
profile-flame: ## Draw a flame graph of a live process
profile-memory: ## See whether a scenario leaks memory
profile-peaks: ## See where the memory that a scenario takes at most was asked for, in C as well
profile-growth: ## See how cost grows with posts, follows, followers and pages
profile-plans: ## See how PostgreSQL answers each statement of a scenario
profile-capacity: ## Tell what a core of each tier does, and how many larger sites need
profile-observability: ## Measure what metrics and logs cost a request (some five minutes)
profile-load: ## Let many people come at once, to a site of our own or a deployed one
profile-load: $(VENV)/.load
$(PROFILES): $(VENV)/.dev
	@$(BIN)/python -m profiling $(@:profile-%=%) $(ARGS)

.PHONY: lint
lint: $(VENV)/.ops $(VENV)/.load monitoring-tools ## Check style, types, import floors, templates, YAML, playbooks and alerts
	@echo "ruff check";  $(BIN)/ruff check
	@echo "ruff format"; $(BIN)/ruff format --check
	@echo "mypy";        $(BIN)/mypy
	@echo "lint-imports"; $(BIN)/lint-imports
	@echo "djlint";      $(BIN)/djlint app/microblog --lint --quiet
	@echo "yamllint";    $(BIN)/yamllint --strict .
	@echo "ansible-lint"; PATH="$(CURDIR)/$(BIN):$$PATH" ansible-lint --offline -q ops
	@echo "promtool";    $(BIN)/python -m monitoring check

.PHONY: format
format: $(VENV)/.dev ## Let ruff mend style and format
	@$(BIN)/ruff check --fix --show-fixes
	@$(BIN)/ruff format

.PHONY: hooks
hooks: $(VENV)/.dev ## Install the git hooks of .pre-commit-config.yaml
	@$(BIN)/pre-commit install

# --- Making what is committed -----------------------------------------------------------------------------------

.PHONY: lock
lock: $(VENV)/.bootstrap ## Renew the locks from requirements/*.in (UPGRADE=--upgrade for newer releases)
	@cd requirements && for layer in "bootstrap" "runtime" "local -c runtime.txt" "dev -c runtime.txt -c local.txt" "load -c runtime.txt -c local.txt -c dev.txt" "ops -c runtime.txt -c local.txt -c dev.txt -c load.txt" "servers -c runtime.txt -c local.txt -c dev.txt" "supervisor -c bootstrap.txt -c local.txt"; do \
	  set -- $$layer; name=$$1; shift; echo "$$name"; ../$(LOCK) $(UPGRADE) "$$@" $$name.in --output-file $$name.txt; done

.PHONY: wheel
wheel: $(VENV)/.dev ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist

.PHONY: translations
translations: $(VENV)/.dev ## Collect the strings shown to people into app/microblog/translations
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --keyword N_ --project Microblog --no-location \
	  --sort-output --output-file app/microblog/translations/messages.pot app/microblog

.PHONY: screenshots
screenshots: $(VENV)/.dev system-tools ## Take the README's pictures from a fresh site of its own
	@$(BIN)/python -m devstack.screenshots
