"""Whatever a key is called, it is read by its URL: key, URL, event, and the key again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.app import choose_door
from jitprep.service import s3 as own
from jitprep.service.config import config
from jitprep.service.messages import ObjectName, ObjectRequest
from jitprep.service.source import bucket_source

from .http_events import function_url, http_api, rest_api

# boto3's client is made with the first.
UNHURRIED = settings(deadline=None)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
# What a client may leave unencoded, beside letters and digits.
SAFE = st.sampled_from(["", "/", "/~", "/!$&'()*+,;=:@", "/:", "!*'()"])
HARD = (
    "/",
    "//a",
    "a//b/",
    "a b+c",
    "100%",
    "%20",
    "%2F",
    "a?b=c&d#e",
    "ü/é",
    "日本",
    "\x00\n",
    "..",
)


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    made = (config, own.client)
    settings = {
        "JITPREP_BUCKETS": "photos",
        "AWS_ENDPOINT_URL": "http://s3.test:9000",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        for cached in made:
            cached.cache_clear()
        yield
    for cached in made:
        cached.cache_clear()


def key_read(event: dict[str, object]) -> str:
    """Return the key that a request reads: the one it names, which is the one that is signed."""
    request = choose_door(event).parse(event)
    assert isinstance(request, ObjectRequest)
    assert isinstance(request.source, ObjectName)
    source = bucket_source.resolve(request.source, request.method)
    assert unquote(urlsplit(source.url).path) == f"/photos/{request.key}"
    return request.key


def examples(*seconds: str):
    """Try the hard keys too, with each of these as the other argument."""

    def add(test):
        for key, second in itertools.product(HARD, seconds):
            test = example(key, second)(test)
        return test

    return add


@UNHURRIED
@examples("", "/")
@given(KEYS, SAFE)
def test_a_function_url_and_a_rest_api_have_the_path_as_it_was_sent(key, safe):
    for event in (function_url, rest_api):
        assert key_read(event(f"/photos/{quote(key, safe=safe)}")) == key


@UNHURRIED
@examples("$default", "prod")
@given(KEYS, st.sampled_from(["$default", "prod", "photos"]))
def test_an_http_api_has_the_path_decoded(key, stage):
    assert key_read(http_api(f"/photos/{key}", stage=stage)) == key


@UNHURRIED
@given(KEYS, SAFE, st.sampled_from(["", "x-id=GetObject", "versionId=v%201&partNumber=1"]))
def test_a_query_is_not_part_of_the_key(key, safe, query):
    for event in (function_url, rest_api):
        assert key_read(event(f"/photos/{quote(key, safe=safe)}", query)) == key
