"""The server's mounts, read from a real server by HTTP and by S3's API, in batches."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jitprep.reader import (
    BadObject,
    Reader,
    ReadError,
    Refused,
    Unavailable,
    open_reader,
)
from jitprep.reader.base import stack
from jitprep.reader.transport import aws
from tests.jitprep.server.running import serving
from tests.paths import ROOT
from tests.photos import photo

CROPS = "random_resized_crop:32/random_horizontal_flip/npy"
PRESETS = {
    "apart": "random_resized_crop:32/safetensors",
    "gray": "grayscale/resize:32,32/webp",
    "samples": "resize:32,32/normalize:imagenet/raw",
    "sizes": "resize:32/npy",
    "words": "text/text",
}
GOOD = ("astronaut.jpg", "deep/er/coffee & crème +100%?#.jpg", "rocket.jpg", "retina.jpg")
BAD = {"cut.jpg": "CorruptObject", "empty.jpg": "EmptyObject", "none.jpg": "NoSuchKey"}
WORDS = {"words/a.txt": "Grüße\n", "words/b.txt": "two words\nand a line"}


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mounts") / "originals"
    names = ("astronaut", "coffee", "rocket", "retina")
    files = {key: photo(name) for key, name in zip(GOOD, names, strict=True)}
    files |= {"cut.jpg": photo("rocket")[:20_000], "empty.jpg": b""}
    files |= {key: text.encode() for key, text in WORDS.items()}
    for key, body in files.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    return folder


@pytest.fixture(scope="module")
def server(originals) -> Iterator[str]:
    """Return the URL of a server of two workers."""
    presets = "".join(f'{name} = "{spec}"\n' for name, spec in PRESETS.items())
    mounts = "".join(
        f'[mounts.{name}]\nsource = "{originals}"\npipeline = "{CROPS}"\n{rest}\n'
        for name, rest in {
            "free": 'overrides = ["seed", "pipeline"]\nanonymous = true',
            "keyed": 'overrides = ["seed", "pipeline"]',
            "others": "",
            "fixed": "anonymous = true",
        }.items()
    )
    key = 'access_key_id = "env:ID"\nsecret_access_key = "env:SECRET"\nmounts = ["keyed"]\n'
    config = originals.parent / "jitprep.toml"
    config.write_text(f"workers = 2\n[presets]\n{presets}{mounts}[keys.trainer]\n{key}")
    arguments = ("--config", config, "--host", "127.0.0.1")
    with serving(originals.parent, *arguments, ID="test", SECRET="test") as running:
        yield running.url


@pytest.fixture(params=["free by URL", "keyed by URL", "keyed by S3"])
def door(request, server) -> Callable[..., Reader]:
    mount, _, way = request.param.partition(" by ")
    if way == "URL":
        return lambda **options: open_reader(f"{server}/{mount}", **options)
    return lambda **options: open_reader(f"s3://{mount}", endpoint_url=server, **options)


def spec_of(preset: str | None) -> str:
    return CROPS if preset is None else PRESETS[preset]


@pytest.mark.parametrize("preset", [None, "apart", "gray", "samples"])
@pytest.mark.parametrize("seed", [0, 3])
def test_a_mount_is_read_as_its_folder(door, originals, preset, seed):
    reader = door(preset=preset, seed=seed)
    local = open_reader(f"file:{originals}", pipeline=spec_of(preset), seed=seed)
    for keys in (GOOD, GOOD[::-1], (*GOOD, GOOD[0])):
        np.testing.assert_array_equal(reader.get_batch(keys), local.get_batch(keys), strict=True)
    for key in GOOD:
        np.testing.assert_array_equal(reader.get(key), local.get(key), strict=True)
    assert list(reader.keys()) == list(local.keys())


def test_texts_are_read_in_batches(door, originals):
    keys = list(WORDS)
    local = open_reader(f"file:{originals}", pipeline=PRESETS["words"])
    reader = door(preset="words")
    for _ in range(2):  # alone, and then in a batch
        for key, read in reader.get_each(keys).items():
            assert read.tolist() == local.get(key).tolist()


def test_rows_of_a_batch_are_one_array(door):
    """So a batch of a dataset is not copied once more."""
    reader = door()
    list(reader.keys())
    read = reader.get_each(GOOD)
    rows = [read[key] for key in GOOD]
    assert np.shares_memory(stack(GOOD, rows), rows[0])
    assert not np.shares_memory(stack(GOOD[::-1], rows[::-1]), rows[0])
    assert all(row.flags.writeable and row.flags.c_contiguous for row in rows)


def test_rows_of_different_shapes_do_not_stack(door, originals):
    reader = door(preset="sizes")
    read = reader.get_each(GOOD)
    local = open_reader(f"file:{originals}", pipeline=PRESETS["sizes"])
    for key in GOOD:
        np.testing.assert_array_equal(read[key], local.get(key), strict=True)
    with pytest.raises(ReadError, match="do not stack"):
        reader.get_batch(GOOD)


def test_an_object_that_fails_does_not_fail_its_batch(door, originals):
    local = open_reader(f"file:{originals}", pipeline=CROPS)
    reader = door()
    for _ in range(2):
        read = reader.get_each([*BAD, *GOOD])
        assert list(read) == [*BAD, *GOOD]
        for key, code in BAD.items():
            error = read[key]
            assert isinstance(error, BadObject)
            assert (error.key, error.code, local.get_each([key])[key].code) == (key, code, code)
        for key in GOOD:
            np.testing.assert_array_equal(read[key], local.get(key), strict=True)
    with pytest.raises(BadObject, match=r"cut\.jpg"):
        reader.get_batch(["rocket.jpg", "cut.jpg"])


def test_a_key_that_no_request_can_carry_fails_alone(door):
    reader = door()
    list(reader.keys())
    read = reader.get_each(["\udc80", *GOOD])
    assert [key for key, row in read.items() if isinstance(row, Exception)] == ["\udc80"]


def test_what_a_mount_does_not_allow_is_refused(server):
    for address, options, code in (
        (f"{server}/fixed", {"seed": 1}, "OverrideNotAllowed"),
        (f"{server}/fixed", {"preset": "gray"}, "OverrideNotAllowed"),
        (f"{server}/free", {"preset": "none"}, "UnknownPipeline"),
        (f"{server}/others", {}, "AccessDenied"),
        (f"{server}/nowhere", {}, "NoSuchBucket"),
    ):
        reader = open_reader(address, **options)
        for _ in range(2):
            assert {error.code for error in reader.get_each(GOOD).values()} == {code}
        with pytest.raises(Refused):
            reader.get_batch(GOOD)


def test_without_credentials_a_key_is_asked_for(server, monkeypatch, pauses):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    aws.forget()
    try:
        with pytest.raises(Unavailable, match="no credentials were found; set AWS_ACCESS_KEY_ID"):
            open_reader(f"{server}/keyed").get(GOOD[0])
        with pytest.raises(Unavailable, match=r"set AWS_ACCESS_KEY_ID .* at its http:// address"):
            open_reader("s3://free", endpoint_url=server).get(GOOD[0])
        assert open_reader(f"{server}/free").get(GOOD[0]).shape == (3, 32, 32)
    finally:
        aws.forget()
    assert pauses


def test_a_reader_takes_along_what_it_learned(door):
    reader = door()
    reader.get(GOOD[0])
    copied = pickle.loads(pickle.dumps(reader))
    assert copied == reader
    assert copied._facts.serves
    np.testing.assert_array_equal(copied.get_batch(GOOD), reader.get_batch(GOOD))


def test_an_epoch_draws_anew(door):
    """As the datasets ask for it, before anything is known about the address."""
    first, second = door().for_epoch(1), door(seed=1)
    assert first.draws is None
    np.testing.assert_array_equal(first.get_batch(GOOD), second.get_batch(GOOD))
    assert not np.array_equal(first.get_batch(GOOD), first.for_epoch(2).get_batch(GOOD))


def test_results_are_not_taken_for_originals(server):
    """With a pipeline, a URL holds originals, and those of a mount are behind its own."""
    for address, options in ((f"{server}/free", {}), ("s3://keyed", {"endpoint_url": server})):
        with pytest.raises(Refused, match="is a result of jitprep and not an original"):
            open_reader(address, pipeline=CROPS, **options).get(GOOD[0])


def test_the_pages_addresses_are_mounts(server):
    page = (ROOT / "docs/training/reader.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(by_http = .*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"open_reader": open_reader}
    exec(code.replace("http://localhost:8080", server).replace("photos", "keyed"), names)
    by_http, by_s3 = names["by_http"], names["by_s3"]
    np.testing.assert_array_equal(by_http.get_batch(GOOD), by_s3.get_batch(GOOD), strict=True)
