# `make run` starts the chat, `make test` checks it (`make faults` longer), `make bench` measures it; all install what they need, once.

PYTHON = python3
BIN = .venv/bin
NODE_PACKAGES = node_modules/.package-lock.json
BENCH = .venv-bench/bin

.PHONY: run test faults lint format bench requirements clean

run: .venv/base.stamp $(NODE_PACKAGES)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py collectstatic --if-changed --noinput --verbosity 0
	@exec $(BIN)/python manage.py serve

test: .venv/dev.stamp $(NODE_PACKAGES) node_modules/axe-core
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --postgresql

# What make test tries in short, for its whole time: kills by the dozen, holes of half a minute, random conversations.
faults: .venv/dev.stamp $(NODE_PACKAGES)
	$(BIN)/python -m pytest --long tests/faults
	$(BIN)/python -m pytest --hypothesis-profile=long tests/rooms/nothing_lost
	$(BIN)/python -m pytest --hypothesis-profile=long --postgresql tests/rooms/nothing_lost

lint: .venv/dev.stamp $(NODE_PACKAGES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@DATA_DIR=$$(mktemp -d) && trap 'rm -r "$$DATA_DIR"' EXIT && export DATA_DIR && \
	$(BIN)/mypy && \
	$(BIN)/python manage.py makemigrations --check --dry-run && \
	SITE_URL=https://chat.example.com SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: .venv/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# ARGS=--quick takes two minutes; ARGS='--only fanout --peers node' measures a part. Ends what it starts.
bench: .venv-bench/bench.stamp $(NODE_PACKAGES) bench/peers/node/packages.stamp
	@$(BENCH)/python -m bench $(ARGS)

# Pins every package, with its hashes and without the address of any index; `make requirements UPGRADE=--upgrade` moves the pins.
requirements: .venv/dev.stamp
	$(BIN)/pip-compile $(PIN) $(UPGRADE) --output-file requirements/base.txt pyproject.toml
	$(BIN)/pip-compile $(PIN) $(UPGRADE) --extra dev --allow-unsafe --constraint requirements/base.txt \
		--output-file requirements/dev.txt pyproject.toml
	$(BIN)/pip-compile $(PIN) $(UPGRADE) --extra bench --allow-unsafe --constraint requirements/base.txt \
		--output-file requirements/bench.txt pyproject.toml
	npm --prefix bench/peers/node install --package-lock-only --silent
	node bench/peers/node/without_addresses.js

PIN = --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:
	rm -rf .venv .venv-bench bench/.cache bench/peers/node/node_modules bench/peers/node/packages.stamp
	rm -rf node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What is installed, once --------------------------------------------------------------------
.venv/base.stamp: requirements/base.txt .venv/bin/python
	@echo 'Installing the Python packages…'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/bin/python
	@echo 'Installing the Python packages, and those for development…'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch .venv/base.stamp $@

.venv-bench/bench.stamp: requirements/bench.txt .venv-bench/bin/python
	@echo 'Installing the Python packages, and those of the benchmark…'
	@$(BENCH)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

.venv/bin/python .venv-bench/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Python 3.11 or newer is needed: $(PYTHON) is missing or older.' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'Python cannot make virtual environments here: install the package python3-venv.' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(patsubst %/bin/python,%,$@)

$(NODE_PACKAGES): package.json package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || \
		{ echo 'Node 20 or newer is needed: node is missing or older.' >&2; exit 1; }
	@npm --version >/dev/null 2>&1 || { echo 'npm is needed to install the packages for the browser.' >&2; exit 1; }
	@echo 'Installing the packages for the browser…'
	@npm ci --omit=dev --silent

# For the tests alone.
node_modules/axe-core: package.json package-lock.json $(NODE_PACKAGES)
	@npm ci --silent
	@touch $@

# A peer that cannot be installed (it is compiled where no ready-made build is found) is left out, and said to be.
bench/peers/node/packages.stamp: bench/peers/node/package.json bench/peers/node/package-lock.json
	@echo 'Installing the packages of the peer on Node…'
	@npm --prefix bench/peers/node ci --omit=dev --silent && touch $@ || echo 'They could not be installed.'
