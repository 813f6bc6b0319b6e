# One file, three images, for x86-64 and arm64: `docker build --target function|video|endpoint .`
# A plain `docker build .` builds the last stage, `function`: the image for Lambda, which is the server's too.

# The base can be pinned by digest: `--build-arg PYTHON_IMAGE=python@sha256:...`. See docs/licences.md.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

# --- settings of every stage ------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/var/task:/opt/python
WORKDIR /var/task

# --- dependencies, checked by hash; these layers change only with the locks -------------------
# Only wheels, so that no stage needs a compiler. --target keeps the path free of the Python version.
# --no-deps, because the locks leave out the packages in requirements/excludes*.txt.
FROM base AS function-deps
COPY requirements/function.txt /requirements.txt
RUN python -m pip install --no-cache-dir --no-compile --no-deps --only-binary :all: \
        --require-hashes --target /opt/python --requirement /requirements.txt
COPY docker/strip.sh tools/licences.py /
RUN sh /strip.sh /opt/python && python /licences.py /opt/python

# PyAV's wheel bundles x264 and x265, so this image is under the GPL when it is distributed. PyAV has no
# wheel without them. See docs/licences.md, and THIRD-PARTY-LICENSES in the image.
FROM base AS video-deps
COPY requirements/video.txt /requirements.txt
RUN python -m pip install --no-cache-dir --no-compile --no-deps --only-binary :all: \
        --require-hashes --target /opt/python --requirement /requirements.txt
COPY docker/strip.sh tools/licences.py /
RUN sh /strip.sh /opt/python && python /licences.py /opt/python

FROM base AS endpoint-deps
COPY requirements/endpoint.txt /requirements.txt
RUN python -m pip install --no-cache-dir --no-compile --no-deps --only-binary :all: \
        --require-hashes --target /opt/python --requirement /requirements.txt \
    && rm -rf /opt/python/bin \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/python
COPY tools/licences.py /
RUN python /licences.py /opt/python

# --- AWS's Runtime Interface Emulator, from the wheel of aws-sam-cli --------------------------
FROM base AS rie
COPY requirements/rie.txt docker/unpack_rie.py /
RUN python -m pip download --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        --dest /wheel --requirement /rie.txt \
    && python /unpack_rie.py /wheel /usr/local/bin/aws-lambda-rie

# --- our code, compiled at its final path -----------------------------------------------------
FROM base AS function-code
COPY docker/entrypoint.sh /usr/local/bin/jitprep-entrypoint
COPY preprocessing /var/task/preprocessing
COPY handler /var/task/handler
COPY jitprep/__init__.py /var/task/jitprep/
COPY jitprep/service /var/task/jitprep/service
COPY jitprep/server /var/task/jitprep/server
COPY jitprep/sigv4 /var/task/jitprep/sigv4
# .dockerignore cannot distinguish a file without an extension from a folder, so such files are deleted here.
RUN find /var/task -type f ! -name '*.*' -delete \
    && chmod -R a+rX /var/task && chmod 0755 /usr/local/bin/jitprep-entrypoint \
    && python -m compileall -q --invalidation-mode unchecked-hash /var/task

FROM function-code AS endpoint-code
COPY jitprep /var/task/jitprep
RUN find /var/task -type f ! -name '*.*' -delete \
    && chmod -R a+rX /var/task \
    && python -m compileall -q --invalidation-mode unchecked-hash /var/task

# --- `jitprep up`, for docker-compose.yml -----------------------------------------------------
FROM base AS endpoint
COPY --from=endpoint-deps /opt/python /opt/python
COPY --from=endpoint-code /var/task /var/task
USER 65534:65534
EXPOSE 9000
ENTRYPOINT ["python", "-m", "jitprep.cli.main"]
CMD ["up", "--host", "0.0.0.0"]

# --- the base of both functions ---------------------------------------------------------------
FROM base AS lambda
COPY --from=rie /usr/local/bin/aws-lambda-rie /usr/local/bin/aws-lambda-rie
COPY --from=function-code /usr/local/bin/jitprep-entrypoint /usr/local/bin/jitprep-entrypoint
COPY --from=function-code /var/task /var/task
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["jitprep-entrypoint"]
CMD ["handler.app.lambda_handler"]

# --- the Lambda function with PyAV (104 MB), for access points that read video ----------------
FROM lambda AS video
COPY --from=video-deps /opt/python /opt/python

# --- the Lambda function ----------------------------------------------------------------------
FROM lambda AS function
COPY --from=function-deps /opt/python /opt/python
