"""Function URLs: authentication, hosts and failures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from botocore.auth import SigV4QueryAuth

from ..conftest import FUNCTIONS
from .urls import FAILURE, HOST


@pytest.mark.parametrize(("path", "status"), [("/fail", 502), ("/leave", 502), ("/large", 502)])
def test_the_client_of_a_failed_function_gets_no_details(ask, path, status):
    answer = ask(path)
    assert (answer.status, answer.data) == (status, FAILURE)
    assert "x-amzn-requestid" in answer.headers


def test_a_function_that_takes_too_long_is_a_504(ask):
    answer = ask("/sleep")
    assert (answer.status, answer.data) == (504, FAILURE)


def test_an_event_over_six_megabytes_is_refused(ask):
    text = {"Content-Type": "text/plain"}
    refused = ask("/string", "POST", text, b"x" * (6 * 2**20))
    assert refused.status == 413
    assert "6291456" in refused.json()["Message"]
    assert ask("/string", "POST", text, b"x" * (6 * 2**20 - 4096)).status == 200
    in_base64 = ask("/string", "POST", {}, b"x" * (5 * 2**20))
    assert in_base64.status == 413


def test_too_many_at_once_are_throttled(object_lambda_endpoint, ask, tmp_path):
    local = object_lambda_endpoint(
        handler="urls.handler", task_root=FUNCTIONS, workers=1, concurrency=1
    )
    gate, url = tmp_path / "gate", local.function_url()
    path = f"/wait?gate={quote(str(gate), safe='')}"
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(ask, path, url=url) for _ in range(4)]
        throttled = [call.result().status for call in islice(as_completed(calls), 3)]
        gate.touch()
    assert throttled == [429, 429, 429]
    assert sorted(call.result().status for call in calls) == [200, 429, 429, 429]


def test_an_unknown_function_is_not_found(urls, ask):
    answer = ask("/", url=urls.function_url("nobody"))
    assert answer.status == 404
    assert "preprocess" in answer.json()["Message"]


def test_the_host_names_the_function_too_and_all_paths_are_its_own(urls, ask):
    """As on AWS. The endpoint is the proxy, because the name does not resolve."""
    proxied = urllib3.ProxyManager(urls.url)
    for host in (HOST, "PREPROCESS.lambda-url.us-east-1.localhost:9000"):
        event = ask("/echo/v20180820/x", url=f"http://{host}", client=proxied).json()
        assert event["rawPath"] == "/echo/v20180820/x"
        assert event["requestContext"]["domainName"] == host.lower().partition(":")[0]
        assert event["headers"]["host"] == host.lower()  # as urllib3 sends it
    body = ask("/WriteGetObjectResponse", "POST", url=f"http://{HOST}", client=proxied)
    assert (body.status, body.data) == (502, FAILURE), "the function's own KeyError"


def test_a_signature_may_stand_in_the_query(ask, event_of):
    class Presigner(SigV4QueryAuth):
        def payload(self, request: Any) -> str:
            return "UNSIGNED-PAYLOAD"

    event = event_of("/echo?a=1", signer=Presigner)
    assert event["queryStringParameters"]["a"] == "1"
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "test"


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_the_unsigned_are_forbidden(urls, method):
    answer = urllib3.request(method, f"{urls.function_url()}/echo")
    assert (answer.status, answer.json()) == (403, {"Message": "Forbidden"})
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"keys": ("nobody", "test")}, "UnrecognizedClientException"),
        ({"keys": ("test", "wrong")}, "InvalidSignatureException"),
        ({"service": "s3"}, "IncompleteSignatureException"),
    ],
)
def test_a_wrong_signature_is_explained(ask, settings, kind):
    answer = ask("/echo", **settings)
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, kind)
    assert answer.json()["message"]


def test_a_body_that_is_not_the_signed_one_is_refused(urls, ask):
    class Other:
        def request(self, method: str, url: str, **sent: Any) -> Any:
            return urllib3.request(method, url, **(sent | {"body": b"another"}))

    assert ask("/echo", "POST", body=b"one", client=Other()).status == 403


def test_unsigned_requests_are_accepted_without_verification(object_lambda_endpoint):
    local = object_lambda_endpoint(
        handler="urls.handler", task_root=FUNCTIONS, workers=1, verify_signatures=False
    )
    event = urllib3.request("GET", f"{local.function_url()}/echo").json()
    assert event["requestContext"]["accountId"] == "anonymous"
