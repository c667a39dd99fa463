# make run | test | check | bench: everything is set up on the way
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first Python that is new enough; PYTHON=/path/to/python overrides it
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)

# For the checks of a production-like configuration; nothing of it is secret
PRODUCTION := DEBUG=false SANDBOX=false ALLOWED_HOSTS=example.com TRUSTED_PROXY_HOPS=1 \
	SECRET_KEY=only-for-the-checks-and-long-enough-to-please-them-0123456789 \
	FIELD_KEYS=ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ= \
	META_APP_SECRETS=only-for-the-checks META_VERIFY_TOKEN=only-for-the-checks \
	RAZORPAY_KEY_ID=rzp_test_only000for000 RAZORPAY_KEY_SECRET=only-for-the-checks \
	RAZORPAY_WEBHOOK_SECRETS=only-for-the-checks

.PHONY: help install run test browser broker lint check bench fuzz chaos audit schema client clean

help:
	@echo "make run    the product with demo data, until Ctrl-C"
	@echo "make test   the tests, with coverage"
	@echo "make browser the tests that drive a Chromium (installed by your system)"
	@echo "make broker the tests that talk to Redis and RabbitMQ"
	@echo "make check  what CI runs: lint and test"
	@echo "make bench  speed as ratios against floors of the same run"
	@echo "make chaos  50,000 messages through kills and crashes: none lost, none doubled"
	@echo "make fuzz   schemathesis against a running server: 5,000 requests in 5 minutes"
	@echo "make audit  the pinned versions against the advisories that are known"
	@echo "make schema docs/openapi.yaml anew"
	@echo "make client the sample application, typed from the schema (needs Node 20)"
	@echo "make clean  away with the environment and the embedded database"

install: $(STAMP)

$(STAMP): requirements.txt requirements-celery.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, \
	or name it with make PYTHON=/path/to/python."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	echo "Python's venv module is missing: install python3-venv."; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(STAMP)

run: install
	DEBUG=true SANDBOX=true $(BIN)/python manage.py demo $(ARGS)

test: install
	$(BIN)/python -m pytest -m "not browser and not broker" -n 2 -q --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --fail-under=90
	$(BIN)/python -m coverage report --include='inbox/*,flexoraa/lib/*' --fail-under=95

browser: install client
	$(BIN)/python -m pytest -m browser -q $(ARGS)

broker: install
	$(BIN)/python -m pytest -m broker -q $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	DEBUG=true $(BIN)/mypy
	DEBUG=true $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

check: lint test

fuzz: install
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

bench: install
	$(BIN)/python -m benchmarks $(ARGS)

chaos: install
	$(BIN)/python -m benchmarks.chaos $(ARGS)

# pip-audit says itself when it could not ask, and --strict makes a failure of that
audit: install
	@$(BIN)/pip-audit --strict --disable-pip --no-deps -r requirements.txt $(ARGS) || { \
	echo "Not clean. Versions in a table above have advisories: raise them, or name the \
	exception in docs/security.md. Without a table the advisories could not be asked \
	for: then nothing is known, and this is no pass."; exit 1; }

client: schema
	cd clients/spa-sample && npm ci --no-progress && npm run --silent generate && npm run --silent build

schema: install
	DEBUG=true $(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

clean:
	rm -rf $(VENV) .local .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage*
