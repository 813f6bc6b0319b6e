#!/bin/sh
# Makes an installed folder of dependencies small and quick to start; see docs/decisions/image.md.
#   usage: strip.sh FOLDER
set -eu

# Console scripts, and tests that wheels ship: nothing at run time reads them.
rm -rf "$1/bin"
find "$1" -type d -name tests -prune -exec rm -rf {} +

# botocore describes every AWS service; the function calls S3 alone.
find "$1/botocore/data" -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -rf {} +

# Byte code is trusted without looking at the source's date, which a registry may rewrite; the
# image's files never change, and a read-only or non-root container could not write its own.
python -m compileall -q --invalidation-mode unchecked-hash "$1"
