"""Missing or expired credentials are a temporary error, and are looked up again."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from botocore import exceptions as sdk

from jitprep.reader import CannotOpen, ReadError, Refused, Unavailable, open_reader
from jitprep.reader.errors import STALE
from jitprep.reader.transport import aws, stores
from jitprep.reader.transport.retry import TRIES
from jitprep.service.source.stores import SourceUrl
from preprocessing import Pipeline
from tests.photos import photo

from ..conftest import Says

SPEC = "resize:16,16/npy"
MADE = Pipeline.parse(SPEC).encode(photo("rocket"))
GOOD = Says(200, bytes(MADE.body), {"Content-Type": "application/x-npy"})


@pytest.fixture(autouse=True)
def nobody_remembered():
    aws.forget()
    yield
    aws.forget()


@pytest.fixture(params=["url", "access point", "invoke"])
def door(request, web):
    """Open a reader that signs its requests to the test's server."""
    addresses = {
        "url": (f"{web.url}/_lambda-url/preprocess/photos", {}),
        "access point": ("s3://crops-x1--ol-s3", {"endpoint_url": web.url}),
        "invoke": ("lambda:preprocess/photos", {"endpoint_url": web.url}),
    }
    address, options = addresses[request.param]
    return open_reader(address, **options)


def credentials_by(monkeypatch, tmp_path, command: str) -> None:
    """Configure a command that the SDK runs for credentials."""
    config = tmp_path / "config"
    config.write_text(f"[default]\nregion = us-east-1\ncredential_process = {command}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))


def test_a_client_follows_the_environment(monkeypatch):
    made_of = aws.ClientSettings("lambda", None, None, 1)
    for url in ("http://127.0.0.1:1", "http://127.0.0.1:2"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"AK{url[-1]}")
        assert aws.shared_client(made_of).meta.endpoint_url == url
        assert aws.identity().credentials.access_key == f"AK{url[-1]}"


def test_a_secret_that_is_corrected_counts_though_its_key_is_the_same(monkeypatch):
    made_of = aws.ClientSettings("s3", None, None, 1)
    for secret, token in (("mistyped", "a"), ("right", "a"), ("right", "b")):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
        found = aws.shared_client(made_of)._request_signer._credentials
        for credentials in (found, aws.identity().credentials):
            assert (credentials.secret_key, credentials.token) == (secret, token)


def test_a_profile_is_followed_to_another_file(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("one", "other"):
        path = tmp_path / name
        path.write_text(f"[default]\naws_access_key_id = {name}\naws_secret_access_key = x\n")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
        assert aws.identity().credentials.access_key == name


def test_a_store_follows_the_environment_as_clients_do(monkeypatch):
    url = SourceUrl.parse("s3://bucket")
    opened = stores.shared_store(url, "http://127.0.0.1:1")
    assert stores.shared_store(url, "http://127.0.0.1:1") is opened
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "corrected")
    assert stores.shared_store(url, "http://127.0.0.1:1") is not opened


@pytest.mark.parametrize("command", ["/bin/false", "/bin/echo words", "/no/such/program"])
@pytest.mark.usefixtures("pauses")
def test_missing_credentials_are_temporary(door, web, monkeypatch, tmp_path, command):
    credentials_by(monkeypatch, tmp_path, command)
    web.answers = [GOOD]
    with pytest.raises(Unavailable, match="a"):
        door.get("a")
    assert all(isinstance(error, Unavailable) for error in door.get_each(["a", "b"]).values())
    with pytest.raises(ReadError):
        list(door.keys())


def test_credentials_are_used_once_they_exist(web, monkeypatch, tmp_path, pauses):
    there = {"Version": 1, "AccessKeyId": "AKIDREAL", "SecretAccessKey": "secret"}
    (tmp_path / "program").write_text(
        f"import pathlib, sys\nseen = pathlib.Path({str(tmp_path / 'seen')!r})\n"
        "count = len(seen.read_text()) if seen.exists() else 0\nseen.write_text('x' * (count + 1))\n"
        f"sys.exit('not now') if count < 2 else print({json.dumps(there)!r})\n"
    )
    credentials_by(monkeypatch, tmp_path, f"{sys.executable} {tmp_path / 'program'}")
    web.answers = [GOOD]
    read = open_reader(f"{web.url}/_lambda-url/preprocess/photos").get("a")
    np.testing.assert_array_equal(read, Pipeline.parse(SPEC)(photo("rocket")))
    assert len(pauses) == 2
    assert "AKIDREAL" in web.asked[0].headers["authorization"]


@pytest.mark.parametrize("code", sorted(STALE))
def test_expired_credentials_are_looked_up_again(web, monkeypatch, code):
    """For example, a credentials file was replaced, which cached credentials do not notice."""
    body = f"<Error><Code>{code}</Code><Message>over</Message></Error>".encode()
    over = Says(403, body, {"Content-Type": "application/xml"})
    for address, options in (
        (f"{web.url}/_lambda-url/preprocess/photos", {}),
        ("s3://crops-x1--ol-s3", {"endpoint_url": web.url}),
    ):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOLD")
        web.answers, web.asked = [over, GOOD], []
        monkeypatch.setattr(
            "jitprep.reader.transport.retry.time.sleep",
            lambda _: monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDNEW"),
        )
        open_reader(address, **options).get("a")
        signed = [asked.headers["authorization"] for asked in web.asked]
        assert ["AKIDOLD" in signed[0], "AKIDNEW" in signed[1]] == [True, True]


def test_a_refusal_is_not_retried(door, web, pauses):
    web.answers = [Says(403, b"<Error><Code>AccessDenied</Code></Error>")]
    with pytest.raises(ReadError) as caught:
        door.get("a")
    assert not isinstance(caught.value, Unavailable)
    assert pauses == []


def _made(kind: type[Exception]) -> Exception:
    """Return an instance of an SDK error, whatever its arguments."""
    names = {
        *("provider", "error_msg", "cred_var", "endpoint_url", "error", "request", "token"),
        *("last_response", "expected_checksum", "actual_checksum", "actual_bytes"),
        *("expected_bytes", "name", "operation_name", "msg", "report", "profile", "path"),
    }
    return kind(**dict.fromkeys(names, "x"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((kind, Unavailable) for kind in aws._CREDENTIALS),
        *((kind, Unavailable) for kind in aws._BROKEN),
        (sdk.ParamValidationError, Refused),
        (sdk.UnknownServiceError, Refused),
        (RuntimeError("refreshed, but still expired"), Unavailable),
        (FileNotFoundError("token"), Unavailable),
        (ValueError("half a date"), Unavailable),
        (CannotOpen("no region"), CannotOpen),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_errors_of_the_sdk_are_translated(error, kind):
    if isinstance(error, type):
        error = (
            _made(error)
            if error is not sdk.UnknownServiceError
            else error(service_name="x", known_service_names="y")
        )
    with pytest.raises(kind) as caught, aws.translate_errors("a.jpg"):
        raise error
    assert type(caught.value) is kind


def test_the_absence_of_credentials_is_checked_again(web, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    web.answers = [GOOD]
    reader = open_reader(f"{web.url}/_lambda-url/preprocess/photos")
    reader.get("a")
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    (tmp_path / "credentials").write_text(f"[default]\n{keys}")
    reader.get("a")
    monkeypatch.setattr(aws, "_NO_CREDENTIALS_S", -1.0)
    reader.get("a")
    assert ["authorization" in asked.headers for asked in web.asked] == [False, False, True]


def test_a_refusal_of_an_unsigned_request_is_temporary(web, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    web.answers = [Says(403, b'{"Message":"Forbidden"}'), GOOD]

    def credentials_come(_: float) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    monkeypatch.setattr("jitprep.reader.transport.retry.time.sleep", credentials_come)
    open_reader(f"{web.url}/_lambda-url/preprocess/photos").get("a")
    assert ["authorization" in asked.headers for asked in web.asked] == [False, True]
    web.answers = [Says(403, b'{"Message":"Forbidden"}')]
    with pytest.raises(Refused):
        open_reader(f"{web.url}/photos").get("a")  # a URL that needs no signature


def test_every_epoch_uses_one_client_and_sends_its_seed(web):
    web.answers = [GOOD]
    reader = open_reader("s3://crops-x1--ol-s3", endpoint_url=web.url)
    for epoch in range(40):
        reader.with_seed(epoch).get("a")
    reader.get("a")
    assert aws._client.cache_info().currsize == 1
    seeds = [asked.headers.get("x-jitprep-seed") for asked in web.asked]
    assert seeds == [None, *map(str, range(1, 40)), None]
    assert all("x-jitprep-seed" in asked.headers["authorization"] for asked in web.asked[1:-1])


def test_retries_end(web, monkeypatch, tmp_path, pauses):
    credentials_by(monkeypatch, tmp_path, "/bin/false")
    with pytest.raises(Unavailable):
        open_reader("s3://crops-x1--ol-s3", endpoint_url=web.url).get("a")
    assert len(pauses) == TRIES - 1
    assert web.asked == []
