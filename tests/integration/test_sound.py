"""Sound through an access point."""

from __future__ import annotations

import json

import numpy as np
import pytest
from botocore.exceptions import ClientError

from preprocessing import Media, Pipeline

SPEECH = "mono/resample:16000/pad_or_trim:0.5/wav"


@pytest.fixture(scope="module")
def sounds(local):
    """One second of stereo at 44.1 kHz as WAV, FLAC and half a WAV, and a function to read them."""
    tone = np.sin(np.arange(44_100) / 20)[None].repeat(2, axis=0).astype(np.float32)
    whole, flac = (
        bytes(Pipeline.parse(spec).encode(Media(tone, "audio", 44_100)).body)
        for spec in ("wav", "flac")
    )
    objects = {"tone.wav": whole, "tone.flac": flac, "half.wav": whole[: len(whole) // 2]}
    s3 = local.client("s3")
    s3.create_bucket(Bucket="sounds")
    for key, body in objects.items():
        s3.put_object(Bucket="sounds", Key=key, Body=body)
    return objects


@pytest.fixture(scope="module")
def alias(local, sounds):
    return local.create_access_point(
        "speech",
        "sounds",
        payload=json.dumps({"spec": SPEECH}),
        actions=("GetObject", "HeadObject"),
        features=("GetObject-Range",),
    )


def test_a_sound_is_read_as_the_library_makes_it(local, sounds, alias):
    s3 = local.client("s3")
    for key in ("tone.wav", "tone.flac"):
        read = s3.get_object(Bucket=alias, Key=key)
        body = read["Body"].read()
        assert body == Pipeline.parse(SPEECH).encode(sounds[key]).body
        assert len(body) == Pipeline.parse(SPEECH).output.nbytes
        assert read["ContentType"] == "audio/wav"
        assert read["Metadata"]["jitprep-rate"] == "16000"
        head = s3.head_object(Bucket=alias, Key=key)
        assert (head["ContentLength"], head["ETag"]) == (len(body), read["ETag"])
        assert head["Metadata"] == read["Metadata"]
        part = s3.get_object(Bucket=alias, Key=key, Range="bytes=0-43")
        assert part["Body"].read() == body[:44]


def test_half_a_sound_is_an_error_that_says_so(local, alias):
    with pytest.raises(ClientError, match="the object is cut off; upload it again"):
        local.client("s3").get_object(Bucket=alias, Key="half.wav")
