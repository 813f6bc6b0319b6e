"""Invoke within Lambda's 6 MB, and with a folder for larger answers."""

from __future__ import annotations

import bisect
import io
import json
import re
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from handler.doors.invoke import InvokeDoor
from jitprep.service.config import config
from jitprep.service.lambda_limits import most_rows
from preprocessing import Pipeline, Stack

from .invoking import KEYS, body_of, one, put, several

GUIDE = (Path(__file__).parents[4] / "docs/doors/invoke.md").read_text()


@pytest.mark.parametrize("encoding", ["npy", "safetensors"])
def test_more_than_can_be_sent_is_refused_before_it_is_read(photos, s3, ask, encoding):
    spec = f"resize:256/center_crop:224/{encoding}"
    answer = ask(several(*["b.jpg"] * 40, spec=spec))
    assert (answer["statusCode"], answer["errorCode"], s3.targets) == (413, "ResponseTooLarge", [])
    assert "JITPREP_SPILL" in answer["errorMessage"]
    most = int(re.search(r"ask for (\d+) keys", answer["errorMessage"])[1])
    assert most == 31
    answer = ask(several(*["b.jpg"] * most, spec=spec))
    assert len(answer["keys"]) == most
    assert 6_000_000 < len(json.dumps(answer)) <= 6 * 2**20
    assert ask(several(*["b.jpg"] * (most + 1), spec=spec))["statusCode"] == 413


@pytest.mark.parametrize("length", [1, 1024])
def test_long_keys_count_in_what_can_be_sent(photos, s3, ask, length):
    """JSON escapes each of their bytes to six."""
    key, spec = "\x01" * length, "resize:128,128/npy"
    put(s3, key, photos[KEYS[0]])

    def fits(count):
        request = InvokeDoor().parse(several(*[key] * count, spec=spec))
        return Stack(Pipeline.parse(spec), count).output.nbytes <= request.body_limit.nbytes

    most = bisect.bisect(range(1, 1000), False, key=lambda count: not fits(count))
    assert ask(several(*[key] * (most + 1), spec=spec))["statusCode"] == 413
    answer = ask(several(*[key] * most, spec=spec))
    assert 0.97 * 6 * 2**20 <= len(json.dumps(answer)) <= 6 * 2**20


def test_the_guide_says_how_many_fit(photos):
    """For keys of forty characters."""
    row = r"^\| (\S+) (\w+)( \(.*\))? \| ([\d,]+) \| (\d+) \| (\d+) \|$"
    rows = re.findall(row, GUIDE, re.MULTILINE)
    assert len(rows) == 5
    for shape, dtype, _, nbytes, most, streamed in rows:
        assert most_rows(int(nbytes.replace(",", "")), 128, streamed=True) == int(streamed)
        _, height, width = map(int, shape.split("×"))
        spec = f"resize:{height},{width}/to_dtype:{dtype}/npy"
        for count, fits in ((int(most), True), (int(most) + 1, False)):
            request = InvokeDoor().parse(several(*["k" * 40] * count, spec=spec))
            output = Stack(Pipeline.parse(spec), count).output
            assert (output.nbytes <= request.body_limit.nbytes) == fits
            assert output.nbytes - 128 == count * int(nbytes.replace(",", ""))


def test_results_of_which_not_one_can_be_sent(photos, s3, ask):
    answer = ask(several(KEYS[0], spec="resize:2000,2000/npy"))
    assert (answer["statusCode"], s3.targets) == (413, [])
    assert "ask for smaller results" in answer["errorMessage"]


@pytest.fixture
def folder(monkeypatch):
    monkeypatch.setenv("JITPREP_SPILL", "large/answers")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
    monkeypatch.setenv("JITPREP_MEMORY", "256MB")
    config.cache_clear()


@pytest.mark.usefixtures("folder")
def test_a_large_batch_is_put_aside_and_says_where(mixed, s3, ask):
    keys = ["b.jpg", "no.jpg"] * 32
    answer = ask(several(*keys, "b.jpg"))
    assert answer["statusCode"] == 307
    assert (answer["keys"], len(answer["errors"])) == (["b.jpg"] * 33, 32)
    assert not answer.keys() & {"body", "isBase64Encoded"}
    location = answer["headers"]["Location"]
    assert location.startswith(f"{s3.url}/large/answers/")
    with urllib.request.urlopen(location) as response:
        array = np.load(io.BytesIO(response.read()))
    row = np.load(io.BytesIO(body_of(ask(one(key="b.jpg")))))
    np.testing.assert_array_equal(array, np.stack([row] * 33))


@pytest.mark.usefixtures("folder")
def test_what_is_put_aside_has_an_end_too(photos, s3, ask):
    answer = ask(several(*["b.jpg"] * 1000))
    assert (answer["statusCode"], s3.targets) == (413, [])
    assert (
        f"{128 * 2**20 // 4} can be returned; ask for 222 keys at a time" in answer["errorMessage"]
    )


@pytest.mark.usefixtures("folder")
def test_one_large_object_is_put_aside(photos, s3, ask):
    answer = ask(one(spec="resize:1600,1600/npy"))
    assert answer.keys() == {"statusCode", "headers"}
    assert answer["statusCode"] == 307
    with urllib.request.urlopen(answer["headers"]["Location"]) as response:
        assert np.load(io.BytesIO(response.read())).shape == (3, 1600, 1600)


def test_one_large_object_without_a_folder_is_refused(photos, ask):
    answer = ask(one(spec="resize:1600,1600/npy"))
    assert (answer["statusCode"], answer["errorCode"]) == (413, "ResponseTooLarge")
