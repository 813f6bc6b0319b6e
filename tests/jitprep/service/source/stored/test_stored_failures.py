"""Failures of stores: what passes is tried again, and what does not is reported without secrets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from jitprep.service.messages import ListingName
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.opening import head_original, open_ranges
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.stored_object import StoredObject
from jitprep.service.source.stores import SourceUrl, open_store

from .reading import BODY, TOKEN, failure, put, soon, whole
from .server import Fault, WebServer

FAULTS = {
    "slow down": Fault(503, b"<Error><Code>SlowDown</Code></Error>"),
    "internal error": Fault(500),
    "too many": Fault(429),
    "cut off": Fault(keeps=1000),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("length", [2000, len(BODY)])
def test_a_fault_that_passes_is_not_noticed(web, opened, fault, length):
    put(web, BODY[:length])
    web.faults = [FAULTS[fault]] * 4
    assert whole(opened()) == BODY[:length]
    assert len(web.requests) == 5


@pytest.mark.parametrize("fault", FAULTS)
def test_a_permanent_fault_is_reported_after_five_tries(web, opened, fault):
    put(web)
    web.faults = [FAULTS[fault]] * 9
    refused = failure(lambda: whole(opened()))
    assert (refused.status, refused.code) == (503, "SourceUnavailable")
    assert len(web.requests) == 5


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_in_ranges_pass_too(web, opened, fault):
    put(web)
    web.faults = [FAULTS[fault]] * 2
    with open_ranges(opened(), soon()) as original:
        assert isinstance(original, Ranges)
        web.faults = [FAULTS[fault]] * 2
        assert original.read_at(10**6, 5000) == BODY[10**6 : 10**6 + 5000]


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_not_the_clients(web, opened, status):
    web.faults = [Fault(status, b"<Error><Code>InvalidAccessKeyId</Code></Error>")]
    refused = failure(lambda: whole(opened()))
    assert (refused.status, refused.code) == (403, "SourceRefused")
    assert "(InvalidAccessKeyId); check its name" in refused.message
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(404, b"<Error><Code>NoSuchBucket</Code></Error>"), "NoSuchBucket"),
        (Fault(400, b"<Error><Code>ExpiredToken</Code></Error>"), "ExpiredToken"),
        (Fault(301), "region may be another"),
        (Fault(418), "status 418"),
    ],
)
def test_other_refusals_are_the_mounts_too(web, opened, fault, words):
    web.faults = [fault]
    refused = failure(lambda: whole(opened()))
    assert (refused.status, refused.code) == (403, "SourceRefused")
    assert words in refused.message


def test_a_missing_object(web, opened):
    for ask in (lambda: whole(opened()), lambda: head_original(opened(), soon())):
        refused = failure(ask)
        assert (refused.status, refused.code) == (404, "NoSuchKey")


def test_a_provider_without_credentials_is_a_refusal(web):
    def none() -> StoreCredentials:
        raise LookupError(TOKEN)

    store = open_store(SourceUrl.parse("s3://bucket"), endpoint=web.url, credentials=none)
    refused = failure(lambda: whole(StoredObject(store, "a", "a", "s3://bucket")))
    assert (refused.status, refused.code) == (403, "SourceRefused")
    assert "give the mount access_key_id" in refused.message
    assert TOKEN not in refused.message


def test_a_server_that_is_down(web, opened, unused_port):
    store = open_store(SourceUrl.parse(f"http://127.0.0.1:{unused_port}"))
    refused = failure(lambda: whole(StoredObject(store, "a", "a", "http://127.0.0.1")))
    assert (refused.status, refused.code) == (503, "SourceUnavailable")
    assert f"(127.0.0.1:{unused_port}: the connection was refused)" in refused.message
    assert TOKEN not in refused.message


def test_a_host_that_has_no_name_and_one_without_tls(web):
    for endpoint, words in (
        ("http://store.invalid", "(store.invalid: its name cannot be resolved)"),
        (web.url.replace("http:", "https:"), "it does not speak TLS)"),
    ):
        store = open_store(SourceUrl.parse("s3://bucket"), endpoint=endpoint, anonymous=True)
        source = StoredObject(store, "a", "a", "s3://bucket")
        refused = failure(partial(whole, source))
        assert words in refused.message


def bucket_of(web: WebServer, credentials: Callable[[], StoreCredentials]) -> OriginalStore:
    return OriginalStore.open(
        SourceUrl.parse("s3://bucket"),
        endpoint=web.url,
        region=None,
        credentials=credentials,
        timeout_s=30,
    )


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"), "SourceRefused"),
        (Fault(404, b"<Error><Code>NoSuchBucket</Code></Error>"), "SourceRefused"),
        (Fault(301, b"<Error><Code>PermanentRedirect</Code></Error>"), "SourceRefused"),
        (Fault(400, b"<Error><Code>InvalidArgument</Code></Error>"), "InvalidArgument"),
    ],
)
def test_a_refused_listing_is_not_the_clients_unless_it_chose_the_parameters(web, fault, code):
    web.faults = [fault]
    store = bucket_of(web, lambda: StoreCredentials("id", "secret"))
    page = ListingName("bucket", {}, 2)
    assert failure(lambda: store.list_page(page, "photos", soon())).code == code


def test_a_listing_that_cannot_be_signed_says_what_to_do(web):
    def none() -> StoreCredentials:
        raise LookupError(TOKEN)

    page = ListingName("bucket", {}, 2)
    refused = failure(lambda: bucket_of(web, none).list_page(page, "photos", soon()))
    assert (refused.status, refused.code) == (403, "SourceRefused")
    assert "give the mount access_key_id" in refused.message
    assert TOKEN not in refused.message
