"""Lambda's Invoke, with a real client and workers, of a scripted function."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from jitprep.reader import BadObject, Refused, Unavailable, Undecodable, open_reader
from jitprep.reader.transport import aws
from jitprep.reader.transport.retry import TRIES
from preprocessing import Pipeline

from .conftest import Says

FUNCTIONS = Path(__file__).parent / "functions"
KEYS = [str(number) for number in range(10)]


@pytest.fixture(scope="module")
def opened(object_lambda_endpoint):
    """Return a function that opens a reader; the bucket's name selects the behaviour."""
    local = object_lambda_endpoint(handler="plays.handler", task_root=FUNCTIONS, workers=1)

    def reader(behaviour, **options):
        address = f"lambda:preprocess/{behaviour}"
        return open_reader(address, endpoint_url=local.url, **options)

    return reader


def test_one_is_one_and_many_are_one_call(opened):
    reader = opened("rows")
    np.testing.assert_array_equal(reader.get("7"), np.array([1, 7], np.uint8), strict=True)
    batch = reader.get_batch([*KEYS, "7"])
    assert batch.tolist() == [*([10, number] for number in range(10)), [10, 7]]
    assert batch.flags.writeable


def test_a_batch_that_is_too_large_is_halved_and_its_rows_are_remembered(opened, monkeypatch):
    reader = opened("at-most-three")
    batch = reader.get_batch(KEYS)
    assert batch[:, 1].tolist() == list(range(10))
    assert batch[:, 0].max() <= 3
    monkeypatch.setattr("jitprep.reader.doors.invoke.most_rows", lambda *_, **__: 2)
    assert reader.with_seed(1).get_batch(KEYS)[:, 0].tolist() == [2] * 10


def test_a_known_pipeline_is_asked_for_as_many_as_fit(opened):
    """A row of this pipeline would have 2 MB, whatever the scripted function returns."""
    reader = opened("rows", pipeline=Pipeline.parse("resize:836,836/npy"))
    assert reader.get_batch(KEYS)[:, 0].tolist() == [2] * 10


@pytest.mark.parametrize("spec", ["resize:8,8/png", "resize:8,8/raw", "npy"])
def test_what_cannot_be_stacked_is_read_one_by_one(opened, spec):
    reader = opened("rows", pipeline=spec)
    assert reader.get_batch(KEYS)[:, 0].tolist() == [1] * 10


def test_a_preset_that_cannot_be_stacked_is_found_out_once(opened):
    reader = opened("one-by-one", preset="thumbnails")
    assert reader.get_batch(KEYS).tolist() == [[1, number] for number in range(10)]
    assert not reader._stacks
    assert not reader.with_seed(1)._stacks


def test_each_key_has_its_row_or_its_error_and_what_may_pass_is_read_again(opened):
    read = opened("some-fail").get_each(["1", "2.gone", "3.busy", "4"])
    assert read["1"].tolist() == [2, 1]
    assert read["4"].tolist() == [2, 4]
    assert read["3.busy"].tolist() == [1, 3]
    assert isinstance(read["2.gone"], BadObject)
    assert (read["2.gone"].key, read["2.gone"].code) == ("2.gone", "NoSuchKey")


def test_a_batch_without_any_good_object_has_only_errors(opened):
    read = opened("some-fail").get_each(["1.gone", "2.gone"])
    assert all(isinstance(error, BadObject) for error in read.values())


def test_rows_may_be_elsewhere(opened, web):
    stream = io.BytesIO()
    np.save(stream, np.array([[2, 1], [2, 2]], np.uint8))
    web.answers = [Says(200, stream.getvalue())]
    keys = [f"1.{web.url}/rows", f"2.{web.url}/rows"]
    assert opened("aside").get_batch(keys).tolist() == [[2, 1], [2, 2]]
    assert "authorization" not in web.asked[0].headers


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        ("refuses", Refused, "BucketNotAllowed"),
        ("raises", Refused, "ValueError"),
        ("is-another", Undecodable, "jitprep's"),
        ("tells-nothing", Undecodable, "jitprep's"),
    ],
)
def test_permanent_errors_are_raised_at_once(opened, behaviour, kind, words, pauses):
    for read in (lambda reader: reader.get("1"), lambda reader: reader.get_batch(KEYS)):
        with pytest.raises(kind, match=words):
            read(opened(behaviour))
    assert pauses == []


def test_rows_of_other_keys_are_refused(opened):
    with pytest.raises(Undecodable, match="not about the requested keys"):
        opened("other-keys").get_batch(KEYS)


def test_a_wrong_number_of_rows_is_refused(opened):
    with pytest.raises(Undecodable, match="number of rows"):
        opened("too-few").get_batch(KEYS)


def test_a_process_that_died_is_retried(opened, pauses):
    with pytest.raises(Unavailable, match=r"Runtime\.ExitError"):
        opened("exits").get("1")
    assert len(pauses) == TRIES - 1


def test_bytes_that_were_changed_on_the_way_are_asked_for_again(opened, pauses):
    for read in (lambda reader: reader.get("1"), lambda reader: reader.get_batch(KEYS)):
        with pytest.raises(Unavailable, match="ChecksumMismatch: bytes of the result were changed"):
            read(opened("changed"))
    assert len(pauses) == 2 * (TRIES - 1)


def test_a_proxy_is_asked_by_the_client(opened, monkeypatch):
    """boto3 sends the request, because only it reads its configuration of proxies."""
    reader = opened("rows")
    for host in (reader.endpoint_url, "http://nowhere.invalid"):
        aws.forget()
        monkeypatch.setenv("http_proxy", reader.endpoint_url)
        monkeypatch.setenv("no_proxy", "")
        there = open_reader("lambda:preprocess/rows", endpoint_url=host)
        assert there.get_batch(KEYS).tolist() == [[10, number] for number in range(10)]
    aws.forget()


def test_a_missing_function_is_refused(opened, object_lambda_endpoint):
    url = opened("rows").endpoint_url
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        open_reader("lambda:nobody/rows", endpoint_url=url).get("1")


def test_an_unreachable_endpoint_is_retried(pauses):
    reader = open_reader("lambda:preprocess/rows", endpoint_url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        reader.get("1")
    assert len(pauses) == TRIES - 1


def test_keys_are_listed_as_a_function_url_lists_them(opened):
    assert list(opened("rows").keys("a")) == ["0", "1"]
    with pytest.raises(Refused, match="BucketNotAllowed"):
        list(opened("refuses").keys())
