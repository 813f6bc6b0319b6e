# Every command a contributor needs. `make demo`, `make test` and `make bench` work on a new machine: they
# make the environments that they run in.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
IMAGE  ?= jitprep
PEERS  := .venv-bench
CLIENTS := .venv-clients
CHECKOV := .venv-checkov
RAY     := .venv-ray
TORCH   := .venv-torch
NOTEBOOKS := .venv-notebooks
SOUND   := .venv-sound
DOCS    := .venv-docs
# Each with its libraries in an environment of its own: some of them pin versions that others refuse.
CLIENT_STAMPS := $(patsubst %,$(CLIENTS)/%/stamp,boto3 awscli s3fs smart_open pyarrow s3torchconnector)

.PHONY: help demo test check format audit docs bench bench-quick bench-kinds soak soak-quick hostile hostile-check peaks fuzz lock image test-container test-clients test-ray test-torch test-notebooks test-store bench-invoke clients-table cost-page clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/demo.stamp ## read every kind through access points, write demo/before-after.png
	$(BIN)/jitprep demo

test: $(VENV)/dev.stamp ## the whole test suite that needs no Docker
	$(BIN)/pytest -n auto --ignore=tests/container --ignore=tests/clients --ignore=tests/ray --ignore=tests/torch --ignore=tests/notebooks --ignore=tests/store

check: $(VENV)/dev.stamp $(CHECKOV)/stamp ## lint, types, layering, the template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layering.py
	$(BIN)/shellcheck deploy/publish deploy/check
	deploy/check $(BIN) $(CHECKOV)/bin

format: $(VENV)/dev.stamp ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

audit: $(VENV)/dev.stamp ## look the locked versions up among known vulnerabilities; asks PyPI
	for lock in function video endpoint dev; do \
		$(BIN)/pip-audit --strict --disable-pip --requirement requirements/$$lock.txt || exit 1; done

docs: $(VENV)/dev.stamp $(DOCS)/stamp ## write docs/steps.md from the docstrings, and build the site in build/site
	$(BIN)/python tools/steps_page.py
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict

bench: $(PEERS)/stamp bench-kinds ## measure the field side by side: docs/benchmarks.{json,md,svg}; twenty minutes
	$(PEERS)/bin/python -m bench

bench-quick: $(PEERS)/stamp ## the same with fewer repeats, printed only; three minutes
	$(PEERS)/bin/python -m bench --quick

bench-kinds: $(SOUND)/stamp $(VENV)/dev.stamp ## sound, text and video beside their peers: docs/kinds-benchmarks.md; fifteen minutes
	$(SOUND)/bin/python -m bench.kinds.sound
	$(BIN)/python -m bench.kinds.text
	$(BIN)/python -m bench.kinds.video
	$(BIN)/python tools/kinds_page.py

cost-page: $(VENV)/dev.stamp ## price the demo's photographs: docs/cost.{json,svg}, docs/cost/model.md, the README's table
	$(BIN)/jitprep cost imagenet-uint8 --json --plot docs/cost.svg > docs/cost.json
	$(BIN)/python tools/cost_page.py

bench-invoke: $(VENV)/dev.stamp ## processor time of single reads and batches: docs/invoke-bench.json, docs/doors/invoke.md; five minutes
	$(BIN)/python -m bench.doors.invoke

soak: $(VENV)/dev.stamp ## load and faults: docs/soak.{json,md}; ten minutes on two cores
	$(BIN)/python -m soak

soak-quick: $(VENV)/dev.stamp ## the same with fewer requests, printed only; a minute
	$(BIN)/python -m soak --quick

hostile: $(VENV)/dev.stamp ## hostile files, each in a process of its own: docs/hostile.json, SECURITY.md's table; three minutes
	$(BIN)/python -m soak.hostile

hostile-check: $(VENV)/dev.stamp ## the same, printed only
	$(BIN)/python -m soak.hostile --check

PEAKS ?= 2000

peaks: $(VENV)/dev.stamp ## what PEAKS random pipelines take at their peak, beside their limit; two minutes
	PEAKS=$(PEAKS) $(BIN)/pytest -n 2 tests/preprocessing/planner/test_peaks.py

FUZZ_SECONDS ?= 30

fuzz: $(VENV)/dev.stamp ## hostile images and specs by coverage, FUZZ_SECONDS each; findings in build/fuzz
	for target in decode spec; do \
		$(BIN)/python -m fuzz $$target -max_total_time=$(FUZZ_SECONDS) || exit 1; done

# One resolution for all: the image, the endpoint and the developer's machine run equal versions,
# without which their bytes could not be compared. Universal: any platform, any Python we support.
LOCK = $(BIN)/uv pip compile --quiet --no-config --upgrade --universal --fork-strategy fewest \
	--python-version 3.11 --generate-hashes --no-annotate --excludes requirements/excludes.txt \
	--custom-compile-command 'make lock'
SUBSET = $(LOCK) --constraints requirements/dev.txt pyproject.toml

lock: $(VENV)/dev.stamp ## resolve the hash-locked requirements anew
	$(LOCK) --extra dev --output-file requirements/dev.txt pyproject.toml
	$(SUBSET) --extra demo --output-file requirements/demo.txt
	$(SUBSET) --extra cli --output-file requirements/endpoint.txt
	$(SUBSET) --extra lambda --output-file requirements/function.txt
	$(SUBSET) --extra lambda --extra video --output-file requirements/video.txt
	$(LOCK) --no-deps --output-file requirements/rie.txt requirements/rie.in
	$(LOCK) --constraints requirements/dev.txt --extra cli --extra ray --extra parquet \
		--output-file requirements/ray.txt pyproject.toml requirements/ray.in
	$(LOCK) --constraints requirements/dev.txt --no-emit-package torch \
		--output-file requirements/torch.txt requirements/torch.in
	$(LOCK) --constraints requirements/dev.txt \
		--output-file requirements/notebooks.txt requirements/notebooks.in
	$(LOCK) --output-file requirements/checkov.txt requirements/checkov.in
	$(LOCK) --output-file requirements/docs.txt requirements/docs.in
	$(LOCK) --constraints requirements/dev.txt --override requirements/bench-overrides.txt \
		--output-file requirements/bench.txt requirements/bench.in
	$(LOCK) --override requirements/bench-overrides.txt --output-file requirements/sound.txt requirements/sound.in
	for client in $(notdir $(patsubst %/stamp,%,$(CLIENT_STAMPS))); do \
		$(LOCK) --no-emit-package torch \
			--output-file requirements/clients/$$client.txt requirements/clients/$$client.in || exit 1; done

TARGET ?= function

image: ## build the Lambda image; TARGET=video for the one with FFmpeg
	docker build --target $(TARGET) --tag $(IMAGE) .

test-clients: $(VENV)/dev.stamp $(CLIENT_STAMPS) ## every S3 client, in an environment of its own, against the endpoint
	$(BIN)/pytest -n auto tests/clients

test-ray: $(VENV)/dev.stamp $(RAY)/stamp ## the backfill on a real Ray, and its shards read by webdataset
	$(BIN)/pytest tests/ray

test-torch: $(TORCH)/stamp ## the datasets under PyTorch, and the example that trains through every door
	$(TORCH)/bin/python -m pytest tests/torch

test-store: $(VENV)/dev.stamp ## doors, reader and backfill on a real S3: JITPREP_STORE=URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
	$(BIN)/pytest tests/store

test-notebooks: $(NOTEBOOKS)/stamp ## the example notebooks, from top to bottom; alsa-utils' speech, or JITPREP_SPEECH
	$(NOTEBOOKS)/bin/python -m pytest tests/notebooks

clients-table: $(VENV)/dev.stamp $(CLIENT_STAMPS) ## the same, and write what it found: docs/clients.json, docs/doors/clients.md
	$(BIN)/pytest tests/clients --write-clients
	$(BIN)/python tools/clients_page.py

test-container: $(VENV)/dev.stamp ## the tests that need Docker: the image, the emulator in it, compose
	$(BIN)/pytest tests/container

# The locked versions, by hash; then jitprep itself, as it stands in this folder. --no-deps wherever a lock
# is installed: it is whole, but for what requirements/excludes.txt leaves out, and pip would insist on that.
$(VENV)/demo.stamp: pyproject.toml requirements/demo.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement requirements/demo.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@ $(VENV)/demo.stamp

# Apart from .venv: what is compared must not be what is shipped. --no-deps, because pip would otherwise
# insist on what requirements/bench-overrides.txt leaves out; the lock is whole without it.
$(PEERS)/stamp: pyproject.toml requirements/bench.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --require-hashes --no-deps --requirement requirements/bench.txt
	$(PEERS)/bin/pip install --quiet --no-deps --editable .
	touch $@

# --no-compile: what is imported compiles itself, and little of it is.
define environment
$(PYTHON) -m venv $(@D)
set -e; for lock in $(filter %.txt,$^); do \
	$(@D)/bin/pip install --quiet --no-compile --require-hashes --no-deps --requirement $$lock; done
$(@D)/bin/pip install --quiet --no-deps --editable .
touch $@
endef

# Apart, because torch is large.
$(TORCH)/stamp: pyproject.toml requirements/demo.txt requirements/torch.txt requirements/clients/torch.txt
	$(environment)

# Apart, because torchaudio takes no torch but its own version's.
$(SOUND)/stamp: pyproject.toml requirements/sound.txt
	$(environment)

# Apart, because Jupyter is large.
$(NOTEBOOKS)/stamp: pyproject.toml requirements/demo.txt requirements/notebooks.txt
	$(environment)

# Apart, because Ray is large, and few need it.
$(RAY)/stamp: pyproject.toml requirements/ray.txt
	$(environment)

# Apart, because it pins versions that the function's requirements cannot have.
$(CHECKOV)/stamp: requirements/checkov.txt
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/pip install --quiet --no-compile --require-hashes --requirement $<
	touch $@

# Apart, because only the site needs it. It reads the code and imports none of it.
$(DOCS)/stamp: requirements/docs.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/pip install --quiet --no-compile --require-hashes --no-deps --requirement $<
	touch $@

# --no-compile: what is imported compiles itself, and little of it is.
$(CLIENTS)/%/stamp: requirements/clients/%.txt
	$(PYTHON) -m venv $(@D)
	set -e; for lock in $^; do \
		$(@D)/bin/pip install --quiet --no-compile --require-hashes --no-deps --requirement $$lock; done
	touch $@

$(CLIENTS)/s3torchconnector/stamp: requirements/clients/torch.txt

clean: ## forget the environments, and what the demo and the benchmark wrote
	rm -rf $(VENV) $(PEERS) $(CLIENTS) $(CHECKOV) $(RAY) $(TORCH) $(NOTEBOOKS) $(SOUND) $(DOCS) build demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
