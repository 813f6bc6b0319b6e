# Every command a contributor needs. `make demo` and `make test` work on a new machine: they make .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
IMAGE  ?= jitprep

.PHONY: help demo test check format lock image test-container clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/demo.stamp ## read photographs through two access points, write demo/before-after.png
	$(BIN)/jitprep demo

test: $(VENV)/dev.stamp ## the whole test suite that needs no Docker
	$(BIN)/pytest -n auto --ignore=tests/container

check: $(VENV)/dev.stamp ## lint, types, layering
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layering.py

format: $(VENV)/dev.stamp ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# One resolution for all: the image, the endpoint and the developer's machine run equal versions,
# without which their bytes could not be compared. Universal: any platform, any Python we support.
LOCK = $(BIN)/uv pip compile --quiet --no-config --upgrade --universal --fork-strategy fewest \
	--python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'
SUBSET = $(LOCK) --constraints requirements/dev.txt pyproject.toml

lock: $(VENV)/dev.stamp ## resolve the hash-locked requirements anew
	$(LOCK) --extra dev --output-file requirements/dev.txt pyproject.toml
	$(SUBSET) --extra demo --output-file requirements/demo.txt
	$(SUBSET) --extra cli --output-file requirements/endpoint.txt
	$(SUBSET) --extra lambda --output-file requirements/function.txt
	$(LOCK) --no-deps --output-file requirements/rie.txt requirements/rie.in

image: ## build the Lambda image
	docker build --target function --tag $(IMAGE) .

test-container: $(VENV)/dev.stamp ## the tests that need Docker: the image, the emulator in it, compose
	$(BIN)/pytest tests/container

# The locked versions, by hash; then jitprep itself, as it stands in this folder.
$(VENV)/demo.stamp: pyproject.toml requirements/demo.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/demo.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@ $(VENV)/demo.stamp

clean: ## forget the environment and what the demo wrote
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
