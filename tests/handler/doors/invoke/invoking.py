"""Events of Invoke, and what the library makes of the same photographs."""

from __future__ import annotations

import base64
import io

import numpy as np
import safetensors.numpy

from jitprep.service.results.derived_object import derived_etag
from preprocessing import Pipeline, Seed

from ....scripted_s3 import Answer

SPEC = "random_resized_crop:16/npy"
LINE = {"spec": SPEC}
KEYS = ("a b/ü.jpg", "b.jpg", "c.jpg")
BAD = {
    "no.jpg": (404, "NoSuchKey"),
    "words.jpg": (400, "UnknownFormat"),
    "cut.jpg": (400, "CorruptObject"),
    "empty/": (400, "EmptyObject"),
}


def put(s3, key, body, **answer):
    headers = {"ETag": f'"{key.encode().hex()}"'}
    s3.objects[f"/company-photos/{key}"] = Answer(headers=headers, body=body, **answer)


def one(**event):
    return {"bucket": "photos", "key": KEYS[0], **event}


def several(*keys, **event):
    return {"bucket": "photos", "keys": list(keys), **event}


def body_of(answer):
    assert answer["isBase64Encoded"] is True
    return base64.b64decode(answer["body"], validate=True)


def expected(photos, key, number=0, spec=SPEC):
    seed = Seed(number, key, f'"{key.encode().hex()}"')
    return Pipeline.parse(spec).encode(photos[key], seed=seed)


def etag_of(key, number=0, spec=SPEC):
    return derived_etag(f'"{key.encode().hex()}"', Pipeline.parse(spec).fingerprint, number)


def array_of(answer):
    body = body_of(answer)
    if answer["headers"]["Content-Type"] == "application/x-npy":
        return np.load(io.BytesIO(body), allow_pickle=False)
    ((name, array),) = safetensors.numpy.load(body).items()
    assert name == "batch"
    return array
