# Every command that a contributor needs. Each target makes the environments that it runs in, so it works on
# a new machine.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
IMAGE  ?= jitprep
PEERS  := .venv-bench
STREAMING := .venv-bench-streaming
RELEASE := .venv-release
CLIENTS := .venv-clients
CHECKOV := .venv-checkov
RAY     := .venv-ray
TORCH   := .venv-torch
NOTEBOOKS := .venv-notebooks
BROWSER := .venv-browser
SOUND   := .venv-sound
DOCS    := .venv-docs
UV      := .venv-uv
# The tests start hundreds of processes. Without bytecode, each of them compiles what it imports.
export PYTHONDONTWRITEBYTECODE :=
# These run a process of pytest on each core. In each, a second thread of OpenBLAS would spin while it waits.
test peaks: export OPENBLAS_NUM_THREADS := 1
# One environment per client, because some of them pin versions that others refuse.
CLIENT_STAMPS := $(patsubst %,$(CLIENTS)/%/stamp,boto3 awscli s3fs smart_open pyarrow s3torchconnector obstore duckdb rclone)

.PHONY: help demo test check format audit docs bench bench-quick bench-kinds bench-train soak soak-quick hostile hostile-check peaks fuzz lock image test-container test-clients test-ray test-torch test-notebooks test-browser test-store test-packaging dist release sbom image-digests licences bench-invoke clients-table screenshots cost-page bench-overheads clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/demo.stamp ## read each kind of data through access points; write demo/before-after.png
	$(BIN)/jitprep demo

test: $(VENV)/dev.stamp ## the tests that need neither Docker nor an environment of their own
	$(BIN)/pytest -n auto $(foreach folder,container clients ray torch notebooks browser store packaging,--ignore=tests/$(folder))

check: $(VENV)/dev.stamp $(CHECKOV)/stamp ## lint, check types and layering, and check what deploys it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layering.py
	$(BIN)/shellcheck deploy/publish deploy/check deploy/check-quotas docker/entrypoint.sh
	deploy/check $(BIN) $(CHECKOV)/bin

format: $(VENV)/dev.stamp ## fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

audit: $(VENV)/dev.stamp ## check the locked versions for known vulnerabilities; queries PyPI
	for lock in function video endpoint dev uv; do \
		$(BIN)/pip-audit --strict --disable-pip --requirement requirements/$$lock.txt || exit 1; done

docs: $(VENV)/dev.stamp $(DOCS)/stamp ## write what is generated from the classes, and build the site in build/site
	$(BIN)/python -m tools.catalogue
	$(BIN)/python -m tools.steps_page
	$(BIN)/python -m tools.gallery
	$(BIN)/python -m tools.diagrams
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict

bench: $(PEERS)/stamp bench-kinds ## compare jitprep with other libraries: docs/benchmarks.{json,md,svg}; twenty minutes
	$(PEERS)/bin/python -m bench

bench-quick: $(PEERS)/stamp ## bench with fewer repeats, printed only; three minutes
	$(PEERS)/bin/python -m bench --quick

bench-kinds: $(SOUND)/stamp $(VENV)/dev.stamp ## compare audio, text and video with other libraries: docs/kinds-benchmarks.md; fifteen minutes
	$(SOUND)/bin/python -m bench.kinds.sound
	$(BIN)/python -m bench.kinds.text
	$(BIN)/python -m bench.kinds.video
	$(BIN)/python tools/kinds_page.py

bench-train: $(PEERS)/stamp $(STREAMING)/stamp ## compare what input pipelines deliver to PyTorch, printed as JSON
	$(PEERS)/bin/python -m bench.train --json

cost-page: $(VENV)/dev.stamp ## measure the cost of three cases: docs/cost/*.{json,svg,md}, README's table
	$(BIN)/python -m tools.cost_page --measure

bench-overheads: $(VENV)/dev.stamp ## measure CPU and log bytes beside the transform: jitprep/costs/inputs/overheads.toml; five minutes
	$(BIN)/python -m bench.overheads

bench-invoke: $(VENV)/dev.stamp ## measure the CPU time of single reads and batches: docs/invoke-bench.json, docs/doors/invoke.md; five minutes
	$(BIN)/python -m bench.doors.invoke

soak: $(VENV)/dev.stamp ## run under load and faults: docs/soak.{json,md}; a quarter of an hour on two cores
	$(BIN)/python -m soak

soak-quick: $(VENV)/dev.stamp ## soak with fewer requests, printed only; a minute and a half
	$(BIN)/python -m soak --quick

hostile: $(VENV)/dev.stamp ## decode hostile files, each in its own process: docs/hostile.json, SECURITY.md's table; three minutes
	$(BIN)/python -m soak.hostile

hostile-check: $(VENV)/dev.stamp ## hostile, printed only
	$(BIN)/python -m soak.hostile --check

PEAKS ?= 2000

peaks: $(VENV)/dev.stamp ## compare the peak memory of PEAKS random pipelines with their limits; two minutes
	PEAKS=$(PEAKS) $(BIN)/pytest -n 2 tests/preprocessing/planner/test_peaks.py

# libFuzzer's options; --brief tries the same inputs in every run, for about ten seconds a target.
FUZZ ?= -max_total_time=30

fuzz: $(VENV)/dev.stamp ## fuzz the decoders of each kind, shards, tables and specs, 30 s each, or FUZZ=--brief; findings go to build/fuzz
	for target in decode sound video text shards tables spec; do \
		PYTHONHASHSEED=0 $(BIN)/python -m fuzz $$target $(FUZZ) || exit 1; done

# All locks come from one resolution: the image, the endpoint and the developer's machine run equal
# versions, so their bytes can be compared. Each lock serves every platform and every supported Python.
LOCK_ALL = $(UV)/bin/uv pip compile --quiet --no-config --upgrade --universal --fork-strategy fewest \
	--python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'
LOCK = $(LOCK_ALL) --excludes requirements/excludes.txt --excludes requirements/excludes-hub.txt
SUBSET = $(LOCK) --constraints requirements/dev.txt pyproject.toml

lock: $(UV)/stamp ## update the hash-locked requirements
	$(LOCK) --extra dev --output-file requirements/dev.txt pyproject.toml
	$(SUBSET) --extra demo --output-file requirements/demo.txt
	$(SUBSET) --extra cli --extra emulator --output-file requirements/endpoint.txt
	$(SUBSET) --extra lambda --extra server --output-file requirements/function.txt
	$(SUBSET) --extra lambda --extra server --extra video --output-file requirements/video.txt
	$(LOCK) --no-deps --output-file requirements/rie.txt requirements/rie.in
	$(LOCK) --constraints requirements/dev.txt --extra emulator --extra ray --extra parquet \
		--output-file requirements/ray.txt pyproject.toml requirements/ray.in
	$(LOCK_ALL) --excludes requirements/excludes.txt --constraints requirements/dev.txt --no-emit-package torch \
		--output-file requirements/torch.txt requirements/torch.in
	$(LOCK) --constraints requirements/dev.txt \
		--output-file requirements/notebooks.txt requirements/notebooks.in
	$(LOCK) --constraints requirements/dev.txt \
		--output-file requirements/browser.txt requirements/browser.in
	$(LOCK) --output-file requirements/checkov.txt requirements/checkov.in
	$(LOCK) --output-file requirements/docs.txt requirements/docs.in
	$(LOCK_ALL) --constraints requirements/dev.txt --override requirements/bench-overrides.txt \
		--output-file requirements/bench.txt requirements/bench.in
	$(LOCK_ALL) --override requirements/bench-overrides.txt \
		--output-file requirements/bench-streaming.txt requirements/bench-streaming.in
	$(LOCK) --override requirements/bench-overrides.txt --output-file requirements/sound.txt requirements/sound.in
	$(LOCK) --output-file requirements/uv.txt requirements/uv.in
	$(LOCK) --output-file requirements/editable.txt requirements/editable.in
	$(LOCK) --output-file requirements/release.txt requirements/release.in
	$(LOCK) --constraints requirements/dev.txt --output-file requirements/packaging.txt requirements/packaging.in
	for client in $(notdir $(patsubst %/stamp,%,$(CLIENT_STAMPS))); do \
		$(LOCK) --no-emit-package torch \
			--output-file requirements/clients/$$client.txt requirements/clients/$$client.in || exit 1; done

IMAGES := function video endpoint
TARGET ?= function
# `make image PYTHON_IMAGE=python@sha256:...` pins the base image by digest.
BASE = $(if $(PYTHON_IMAGE),--build-arg PYTHON_IMAGE=$(PYTHON_IMAGE))

image: ## build the Lambda image; TARGET=video adds FFmpeg, PYTHON_IMAGE pins the base
	docker build --target $(TARGET) --tag $(IMAGE) $(BASE) .

test-clients: $(VENV)/dev.stamp $(CLIENT_STAMPS) ## test S3 clients against the endpoint, each in its own environment
	$(BIN)/pytest -n auto tests/clients

test-ray: $(VENV)/dev.stamp $(RAY)/stamp ## test the backfill on Ray, and read its shards with webdataset
	$(BIN)/pytest tests/ray

test-torch: $(TORCH)/stamp ## test the PyTorch datasets and the training example
	$(TORCH)/bin/python -m pytest tests/torch

test-store: $(VENV)/dev.stamp ## test against a real S3 server: JITPREP_TEST_STORE=URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
	$(BIN)/pytest tests/store

test-notebooks: $(NOTEBOOKS)/stamp ## run the example notebooks; needs alsa-utils' speech, or JITPREP_SPEECH
	$(NOTEBOOKS)/bin/python -m pytest tests/notebooks

test-browser: $(BROWSER)/stamp ## test the page of jitprep play in Chromium: apt-get install chromium-headless-shell
	$(BROWSER)/bin/python -m pytest -n 2 tests/browser

screenshots: $(BROWSER)/stamp ## write the pictures of the page of jitprep play: docs/pipelines/play; needs Chromium
	$(BROWSER)/bin/python -m tools.screenshots

clients-table: $(VENV)/dev.stamp $(CLIENT_STAMPS) ## run test-clients and write its results: docs/clients.json, docs/doors/clients.md
	$(BIN)/pytest tests/clients --write-clients
	$(BIN)/python tools/clients_page.py

test-container: $(VENV)/dev.stamp ## test the images and docker compose; needs Docker
	$(BIN)/pytest tests/container

dist: $(RELEASE)/stamp ## build the wheel and the sdist, and check their metadata: dist/
	rm -f dist/jitprep-*
	$(RELEASE)/bin/python -m build --no-isolation --outdir dist .
	$(RELEASE)/bin/twine check --strict dist/jitprep-*

test-packaging: dist $(VENV)/dev.stamp ## install the wheel and use it beside packages of the same names
	$(BIN)/pytest tests/packaging

release: dist test-packaging sbom image-digests ## build and check everything that a release has: dist/; publishes nothing
	cd dist && sha256sum jitprep-* sbom/*.json > SHA256SUMS

sbom: $(RELEASE)/stamp ## write a CycloneDX bill of materials for each image: dist/sbom
	mkdir -p dist/sbom
	for lock in $(IMAGES); do \
		PYTHONWARNINGS=ignore $(RELEASE)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
			--output-format JSON --output-file dist/sbom/$$lock.cdx.json requirements/$$lock.txt || exit 1; done

image-digests: ## build each image and write their digests: dist/images.txt
	mkdir -p dist
	for target in $(IMAGES); do \
		docker build --quiet --target $$target --tag $(IMAGE):$$target $(BASE) . >/dev/null || exit 1; \
		docker image inspect --format "$$target {{.Id}}" $(IMAGE):$$target || exit 1; done > dist/images.txt
	cat dist/images.txt

licences: $(VENV)/dev.stamp ## write docs/licences.md from the metadata of the locked packages
	$(BIN)/python -m tools.licences_page

# The locked versions, checked by hash, and then jitprep itself from this folder. uv takes a tenth of pip's
# processor time, and fetches a wheel once for all environments. --no-deps, because the locks are complete
# except for what requirements/excludes*.txt leave out, which an installer would insist on.
define locked
$(UV)/bin/uv venv --quiet --clear --python $(PYTHON) $(@D)
$(INSTALL) --require-hashes $(addprefix --requirement ,$(filter-out $(PYTORCH),$(filter %.txt,$^)))
$(if $(filter $(PYTORCH),$^),$(INSTALL_PYTORCH))
endef
INSTALL = $(UV)/bin/uv pip install --quiet --no-deps --python $(@D)
# pip, because uv fails where PyTorch's index cannot be reached, even with the wheel in a folder of PIP_FIND_LINKS.
PYTORCH := requirements/clients/torch.txt
INSTALL_PYTORCH = $(UV)/bin/pip --python $(@D)/bin/python install --quiet --no-deps --no-compile \
	--require-hashes --requirement $(PYTORCH)
EDITABLE := requirements/editable.txt

define environment
$(locked)
$(INSTALL) --editable .
touch $@
endef

$(UV)/stamp: requirements/uv.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --no-compile --require-hashes --no-deps --requirement $<
	touch $@

$(VENV)/demo.stamp: pyproject.toml requirements/demo.txt $(EDITABLE)
	$(environment)

$(VENV)/dev.stamp: pyproject.toml requirements/dev.txt $(EDITABLE)
	$(environment)
	touch $(VENV)/demo.stamp

# The benchmark's environment is not .venv, because the other libraries are not among our requirements.
$(PEERS)/stamp: pyproject.toml requirements/bench.txt $(EDITABLE)
	$(environment)

# MosaicML's streaming excludes versions that the others need.
$(STREAMING)/stamp: pyproject.toml requirements/bench-streaming.txt $(EDITABLE)
	$(environment)

# PyTorch is large.
$(TORCH)/stamp: pyproject.toml requirements/demo.txt requirements/torch.txt requirements/clients/torch.txt $(EDITABLE)
	$(environment)

# torchaudio requires the version of PyTorch that it was built with.
$(SOUND)/stamp: pyproject.toml requirements/sound.txt $(EDITABLE)
	$(environment)

# Jupyter is large.
$(NOTEBOOKS)/stamp: pyproject.toml requirements/demo.txt requirements/notebooks.txt $(EDITABLE)
	$(environment)

# Playwright is large.
$(BROWSER)/stamp: pyproject.toml requirements/demo.txt requirements/browser.txt $(EDITABLE)
	$(environment)

# Ray is large, and few contributors need it.
$(RAY)/stamp: pyproject.toml requirements/ray.txt $(EDITABLE)
	$(environment)

$(RELEASE)/stamp: requirements/release.txt
	$(locked)
	touch $@

# checkov pins versions that the function's requirements exclude. kubernetes-validate is large.
$(CHECKOV)/stamp: requirements/checkov.txt
	$(locked)
	touch $@

# Only the site needs these. MkDocs reads the code and imports none of it.
$(DOCS)/stamp: requirements/docs.txt
	$(locked)
	touch $@

$(CLIENTS)/%/stamp: requirements/clients/%.txt
	$(locked)
	touch $@

$(CLIENTS)/s3torchconnector/stamp: requirements/clients/torch.txt

$(VENV)/demo.stamp $(VENV)/dev.stamp $(CLIENT_STAMPS) $(addsuffix /stamp,$(PEERS) $(STREAMING) $(TORCH) $(SOUND) $(NOTEBOOKS) $(BROWSER) $(RAY) $(RELEASE) $(CHECKOV) $(DOCS)): | $(UV)/stamp

clean: ## delete the environments and all build output
	rm -rf $(VENV) $(PEERS) $(STREAMING) $(CLIENTS) $(CHECKOV) $(RAY) $(TORCH) $(NOTEBOOKS) $(BROWSER) $(SOUND) $(RELEASE) $(DOCS) $(UV) build demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
