"""Function URLs: the event that a function gets, and what becomes of what it returns."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import urllib3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from jitprep.emulator.function_url.event import FunctionUrlRequest, function_url_event
from jitprep.emulator.function_url.reply import InvalidReply, client_response
from jitprep.emulator.testing import LocalObjectLambda

from ..conftest import FUNCTIONS, TIMEOUT_S

HOST = "preprocess.lambda-url.us-east-1.on.aws"
FAILURE = b"Internal Server Error"
Ask = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture(scope="module")
def urls(object_lambda_endpoint: Callable[..., LocalObjectLambda]) -> LocalObjectLambda:
    return object_lambda_endpoint(handler="urls.handler", task_root=FUNCTIONS, timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def ask(urls: LocalObjectLambda) -> Ask:
    """Return a function that signs a request to the function's URL and sends it."""
    http = urllib3.PoolManager()

    def call(
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        url: str = "",
        service: str = "lambda",
        keys: tuple[str, str] = ("test", "test"),
        signer: Any = SigV4Auth,
        client: Any = http,
    ) -> urllib3.BaseHTTPResponse:
        request = AWSRequest(method, (url or urls.function_url()) + path, headers or {}, body)
        signer(Credentials(*keys), service, "us-east-1").add_auth(request)
        sent = dict(request.headers.items())
        return client.request(
            method, request.url, headers=sent, body=body, redirect=False, retries=False
        )

    return call


@pytest.fixture(scope="module")
def event_of(ask: Ask) -> Callable[..., dict[str, Any]]:
    return lambda path="/echo", *arguments, **settings: ask(path, *arguments, **settings).json()


def test_the_event_has_the_fields_that_aws_documents(urls, event_of):
    before = time.time()
    event = event_of("/echo/my/path?parameter1=value1&parameter1=value2&parameter2=value")
    assert {name: event[name] for name in ("version", "routeKey", "rawPath", "rawQueryString")} == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/echo/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
    }
    assert event["queryStringParameters"] == {"parameter1": "value1,value2", "parameter2": "value"}
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    context = event["requestContext"]
    assert context["time"].endswith(" +0000")
    made = datetime.strptime(context["time"], "%d/%b/%Y:%H:%M:%S %z").timestamp()
    assert before - 1 <= made <= time.time()
    assert before - 1 <= context["timeEpoch"] / 1000 <= time.time()
    assert re.fullmatch(r"[0-9a-f-]{36}", context["requestId"])
    assert context["http"].pop("userAgent").startswith("python-urllib3/")
    assert {
        name: context[name] for name in context.keys() - {"time", "timeEpoch", "requestId"}
    } == {
        "accountId": "123456789012",
        "apiId": "preprocess",
        "authentication": None,
        "authorizer": {
            "iam": {
                "accessKey": "test",
                "accountId": "123456789012",
                "callerId": "AIDALOCALUSER",
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": "arn:aws:iam::123456789012:user/local",
                "userId": "AIDALOCALUSER",
            }
        },
        "domainName": HOST,
        "domainPrefix": "preprocess",
        "http": {
            "method": "GET",
            "path": "/echo/my/path",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
        },
        "routeKey": "$default",
        "stage": "$default",
    }


def test_headers_are_in_lower_case_and_those_of_aws_among_them(urls, event_of):
    event = event_of(headers={"X-Mixed-Case": "A b", "X-Forwarded-For": "192.0.2.7"})
    headers = event["headers"]
    assert headers["x-mixed-case"] == "A b"
    assert headers["host"] == HOST
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == str(urlsplit(urls.url).port)
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert all(name == name.lower() for name in headers)


def test_no_authority_of_the_caller_reaches_the_function(event_of):
    event = event_of(headers={"X-Amz-Security-Token": "a session"})
    assert event["headers"].keys().isdisjoint({"authorization", "x-amz-security-token"})
    assert "Signature=" not in json.dumps(event)


def test_repeated_headers_are_joined_and_cookies_apart():
    event = made(
        headers=[
            (b"x-two", b"1"),
            (b"cookie", b"a=1; b=2"),
            (b"x-two", "ü".encode()),
            (b"cookie", b"c=3"),
        ]
    )
    assert event["headers"]["x-two"] == "1,ü"
    assert "cookie" not in event["headers"]
    assert event["cookies"] == ["a=1", "b=2", "c=3"]
    assert "cookies" not in made()


def test_whoever_is_not_known_is_anonymous():
    context = made()["requestContext"]
    assert context["accountId"] == "anonymous"
    assert "authorizer" not in context


def made(
    body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None, path: str = "/"
) -> dict[str, Any]:
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": path.encode("latin-1"),
        "path": path,
        "query_string": b"",
        "headers": headers or [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 9000),
        "client": ("127.0.0.1", 50000),
    }
    url = FunctionUrlRequest("preprocess", path, HOST)
    return json.loads(function_url_event(url, Request(scope), body, "123456789012", "id"))


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain", b"words", True),
        ("text/html; charset=utf-8", "ü".encode(), True),
        ("application/json", b'{"a": 1}', True),
        ("application/vnd.api+json", b"{}", True),
        ("Application/XML", b"<a/>", True),
        ("image/svg+xml", b"<svg/>", False),
        ("application/javascript", b"1", True),
        ("application/octet-stream", b"words", False),
        ("application/x-www-form-urlencoded", b"a=1", False),
        ("", b"words", False),
        ("text/plain", b"\xff\xfe", False),
    ],
)
def test_a_body_is_text_where_it_says_so_and_is(kind, body, text):
    event = made(body, [(b"content-type", kind.encode())])
    assert event["isBase64Encoded"] is not text
    if text:
        assert event["body"] == body.decode()


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream"])
def test_every_body_reaches_the_function_and_comes_back(ask, kind):
    body = bytes(range(256)) if "octet" in kind else "ünïcode\r\n".encode()
    assert ask("/body", "POST", {"Content-Type": kind}, body).data == body


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_the_path_is_as_it_was_sent(key):
    path = f"/photos/{quote(key, safe='')}"
    event = made(path=path)
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == path


@pytest.mark.parametrize(
    "path", ["/a%20b", "/a%2Bb", "/100%25", "/a//b", "//a", "/%C3%BC", "/a%2Fb"]
)
def test_no_path_is_mended_on_the_way(event_of, path):
    assert event_of(f"/echo{path}")["rawPath"] == f"/echo{path}"


@pytest.mark.parametrize(
    ("path", "status", "kind", "body"),
    [
        ("/string", 200, "application/json", b'"Hello, world!"'),
        ("/table", 200, "application/json", b'{"message": "Hello, world!"}'),
        ("/custom", 201, "application/json", b'{"message": "Hello, world!"}'),
        ("/binary", 200, "application/octet-stream", bytes(range(256))),
    ],
)
def test_what_a_function_returns_is_read_as_documented(ask, path, status, kind, body):
    answer = ask(path)
    assert (answer.status, answer.headers["content-type"], answer.data) == (status, kind, body)
    assert answer.headers["content-length"] == str(len(body))
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-requestid"])


def test_headers_and_cookies_of_the_functions_reach_the_client(ask):
    answer = ask("/cookies")
    assert answer.headers["my-custom-header"] == "Custom Value"
    assert answer.headers.getlist("set-cookie") == [
        "Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT",
        "Cookie_2=Value2; Max-Age=78000",
    ]


def test_a_head_has_the_length_that_the_function_says_and_no_body(ask):
    answer = ask("/binary", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.data) == (200, "256", b"")
    assert ask("/custom").status == 201, "the connection is good for another"


def returned(value: Any, method: str = "GET") -> Any:
    return client_response(json.dumps(value).encode(), method)


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "200"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": None},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": ["a=1\n"]},
        {"statusCode": 200, "body": "no base64", "isBase64Encoded": True},
    ],
)
def test_what_is_no_answer_is_a_502(ask, value):
    with pytest.raises(InvalidReply):
        returned(value)
    answer = ask("/given", "POST", {"Content-Type": "application/json"}, json.dumps(value).encode())
    assert (answer.status, answer.data) == (502, FAILURE)


@pytest.mark.parametrize("value", [None, 1, [1, {"a": 2}], "ü", {}, {"body": "b"}])
def test_any_other_json_is_the_body(value):
    answer = returned(value)
    assert (answer.status_code, json.loads(answer.body)) == (200, value)


def test_what_only_the_url_may_say_is_renamed_and_numbers_are_texts():
    headers = {"Connection": "close", "Date": "now", "X-Count": 3, "X-Yes": True}
    answer = returned({"statusCode": 204, "headers": headers, "body": None})
    assert answer.headers["x-amzn-remapped-connection"] == "close"
    assert answer.headers["x-amzn-remapped-date"] == "now"
    assert answer.headers["x-count"] == "3"
    assert answer.headers["x-yes"] == "true"
    assert "connection" not in answer.headers
    assert returned({"statusCode": 200, "body": {"a": 1}}).body == b'{"a": 1}'


@given(st.binary(max_size=300).filter(lambda text: not _is_json(text)))
def test_whatever_is_no_json_is_no_answer(payload):
    with pytest.raises(InvalidReply):
        client_response(payload, "GET")


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("path", "status"), [("/fail", 502), ("/leave", 502), ("/large", 502)])
def test_a_function_that_fails_tells_its_client_no_more(ask, path, status):
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


def test_too_many_at_once_are_throttled(object_lambda_endpoint, ask):
    local = object_lambda_endpoint(
        handler="urls.handler", task_root=FUNCTIONS, workers=1, concurrency=1, timeout=TIMEOUT_S
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask("/sleep", url=local.function_url()), range(4)))
    assert sorted(answer.status for answer in answers) == [429, 429, 429, 504]


def test_an_unknown_function_is_not_found(urls, ask):
    answer = ask("/", url=urls.function_url("nobody"))
    assert answer.status == 404
    assert "preprocess" in answer.json()["Message"]


def test_the_host_names_the_function_too_and_all_paths_are_its_own(urls, ask):
    """As on AWS; the endpoint is the proxy, because no resolver knows the name."""
    proxied = urllib3.ProxyManager(urls.url)
    for host in (HOST, "PREPROCESS.lambda-url.us-east-1.localhost:9000"):
        event = ask("/echo/v20180820/x", url=f"http://{host}", client=proxied).json()
        assert event["rawPath"] == "/echo/v20180820/x"
        assert event["requestContext"]["domainName"] == host.lower().partition(":")[0]
        assert event["headers"]["host"] == host.lower()  # so urllib3 sends it
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
def test_the_wrongly_signed_are_told_why(ask, settings, kind):
    answer = ask("/echo", **settings)
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, kind)
    assert answer.json()["message"]


def test_a_body_that_is_not_the_signed_one_is_refused(urls, ask):
    class Other:
        def request(self, method: str, url: str, **sent: Any) -> Any:
            return urllib3.request(method, url, **(sent | {"body": b"another"}))

    assert ask("/echo", "POST", body=b"one", client=Other()).status == 403


def test_nobody_need_sign_where_nothing_is_verified(object_lambda_endpoint):
    local = object_lambda_endpoint(
        handler="urls.handler", task_root=FUNCTIONS, workers=1, verify_signatures=False
    )
    event = urllib3.request("GET", f"{local.function_url()}/echo").json()
    assert event["requestContext"]["accountId"] == "anonymous"
