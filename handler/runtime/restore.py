"""SnapStart: what is loaded before Lambda takes a snapshot, and made anew after one is restored.

The hooks are in AWS's registry, from which AWS's runtime client and ours run them.
"""

from __future__ import annotations

import gc
import json
import os
import random
import ssl
import sys
from contextlib import suppress
from io import BytesIO

from snapshot_restore_py import register_after_restore, register_before_snapshot

from jitprep.service import pipeline_choice
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.process.renewal import renew_state
from jitprep.service.source.aws_credentials import find_credentials
from preprocessing import Pipeline, PreprocessingError

_ENTROPY_BYTES = 64


def register_hooks() -> None:
    """Register the hooks of a process that Lambda initialises for a snapshot."""
    register_before_snapshot(load_all)
    register_after_restore(renew)


def load_all() -> None:
    """Import the steps of all presets, what an image needs on its way through them, and the SDK.

    What is imported before the snapshot takes no time after it. The SDK is what looks credentials up:
    with SnapStart they are not in variables.
    """
    image = _image()
    for name in config().presets:
        with suppress(RequestFailed, PreprocessingError):  # a request reports it, with its reason
            pipeline = pipeline_choice.choose(json.dumps({"pipeline": name}), None)
            if isinstance(pipeline, Pipeline):
                pipeline.encode(image)
    with suppress(Exception):  # as a request would find them then; `renew` forgets them
        find_credentials()
    gc.collect()
    gc.freeze()


def renew() -> None:
    """Make this process differ from the others that begin with the same snapshot."""
    reseed()
    renew_state()


def reseed() -> None:
    """Give this process's generators of random numbers entropy of its own, from the system's.

    `secrets`, `uuid` and numpy's ``default_rng`` ask the system each time. OpenSSL does not, and would
    make the same keys for TLS in each copy of a snapshot; it notices a fork by itself.
    """
    random.seed()
    ssl.RAND_add(os.urandom(_ENTROPY_BYTES), _ENTROPY_BYTES)
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()


def _image() -> bytes:
    """Return a small JPEG."""
    from PIL import Image  # noqa: PLC0415  other functions may never need it

    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    return file.getvalue()
