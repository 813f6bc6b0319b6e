"""Who may read what: keys by SigV4, presigned URLs, anonymous mounts, and what is said to others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import botocore.auth
import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline
from tests.photos import photo

from ..running import Running, serving

SPEC = "resize:8,8/npy"
SECRETS = {"trainer": "of-the-trainer/+=", "admin": "of-the-admin"}
KEYS = (
    "a b+c.jpg",
    "%2F.jpg",
    "100%.jpg",
    "ü/日本.jpg",
    "tilde~(1)*!'.jpg",
    "q?x=1&y#z.jpg",
    "dots./...jpg",
    "semi;colon=,@:$.jpg",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("originals")
    for key in (*KEYS, "rocket.jpg"):
        (made / key).parent.mkdir(exist_ok=True)
        (made / key).write_bytes(photo("rocket"))
    return made


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    (here / "secret").write_text(SECRETS["admin"] + "\n")
    mounts = "".join(
        f'[mounts.{name}]\nsource = "{folder}"\npipeline = "{SPEC}"\noverrides = ["seed"]\n'
        f"anonymous = {anonymous}\n"
        for name, anonymous in (("photos", "false"), ("others", "false"), ("free", "true"))
    )
    (here / "jitprep.toml").write_text(
        f"workers = 1\n{mounts}"
        '[keys.trainer]\naccess_key_id = "env:ID"\nsecret_access_key = "env:SECRET"\n'
        'mounts = ["photos"]\n'
        f'[keys.admin]\naccess_key_id = "env:ADMIN"\nsecret_access_key = "file:{here}/secret"\n'
        'mounts = ["*"]\n'
    )
    environment = {"ID": "trainer", "SECRET": SECRETS["trainer"], "ADMIN": "admin"}
    with serving(here, "--config", here / "jitprep.toml", **environment) as running:
        yield running


@pytest.fixture(scope="module")
def expected() -> bytes:
    return bytes(Pipeline.parse(SPEC).encode(photo("rocket")).body)


def of(server: Running, name: str, **changed: Any) -> Any:
    return server.client(name, SECRETS[name], **changed)


def refused(call: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def message(answer: Any) -> str:
    return re.search(b"<Message>(.*)</Message>", answer.body)[1].decode()


def target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize("key", KEYS)
def test_signed_and_presigned_reads_of_any_key_give_the_object(server, expected, key):
    for name in SECRETS:
        s3 = of(server, name)
        asked = {"Bucket": "photos", "Key": key}
        assert s3.get_object(**asked)["Body"].read() == expected
        assert s3.head_object(**asked)["ContentLength"] == len(expected)
        for method in ("get_object", "head_object"):
            url = s3.generate_presigned_url(method, asked)
            answer = server.ask(target(url), "GET" if method == "get_object" else "HEAD")
            assert (answer.status, answer.headers["content-length"]) == (200, str(len(expected)))


def test_any_region_is_signed_for(server, expected):
    s3 = server.client("trainer", SECRETS["trainer"], region_name="eu-central-1")
    assert s3.get_object(Bucket="photos", Key="rocket.jpg")["Body"].read() == expected


def test_a_wrong_secret_an_unknown_key_and_another_mount_are_refused_as_s3_does(server):
    def get(*pair: str, bucket: str = "photos") -> tuple[int, str]:
        return refused(server.client(*pair).get_object, Bucket=bucket, Key="rocket.jpg")

    trainer = ("trainer", SECRETS["trainer"])
    assert get("trainer", SECRETS["admin"]) == (403, "SignatureDoesNotMatch")
    assert get("trainer", SECRETS["trainer"].lower() + " ") == (403, "SignatureDoesNotMatch")
    assert get("Trainer", SECRETS["trainer"]) == (403, "InvalidAccessKeyId")
    assert get("free", "anything") == (403, "InvalidAccessKeyId")
    assert get(*trainer, bucket="others") == (403, "AccessDenied")
    assert get(*trainer, bucket="no-such-mount") == (404, "NoSuchBucket")
    assert get("nobody", "anything", bucket="no-such-mount") == (403, "InvalidAccessKeyId")
    head = server.client("trainer", "wrong").head_object
    assert refused(head, Bucket="photos", Key="rocket.jpg")[0] == 403


@pytest.mark.parametrize("mount", ["photos", "no-such-mount"])
def test_without_a_key_a_mount_that_is_there_answers_as_one_that_is_not(server, mount):
    for path in (f"/{mount}", f"/{mount}/rocket.jpg", f"/{mount}/none", f"/{mount}?location"):
        assert server.ask(path).error == (403, "AccessDenied")
        assert (server.ask(path, "HEAD").status, server.ask(path, "HEAD").body) == (403, b"")
        assert message(server.ask(path)) == message(server.ask("/no-such-mount"))
        assert "check the name, or sign with a key" in message(server.ask(path))
    assert server.ask(f"/_batch/{mount}", "POST", body=b'{"keys": ["a"]}').error == (
        403,
        "AccessDenied",
    )


def test_a_key_learns_which_mount_is_not_there_or_not_for_it(server):
    s3 = of(server, "trainer")
    for bucket, words in (
        ("no-such-mount", "there is no mount 'no-such-mount'; GET / lists"),
        ("others", "this key may not read the mount 'others'; let the operator add it"),
    ):
        with pytest.raises(ClientError, match=words):
            s3.get_object(Bucket=bucket, Key="rocket.jpg")


def at(monkeypatch: pytest.MonkeyPatch, moved: timedelta) -> None:
    """Let botocore sign at another time."""
    monkeypatch.setattr(
        botocore.auth,
        "get_current_datetime",
        lambda remove_tzinfo=True: (datetime.now(UTC) + moved).replace(
            tzinfo=None if remove_tzinfo else UTC
        ),
    )


@pytest.mark.parametrize(
    ("minutes", "answer"),
    [(-16, (403, "RequestTimeTooSkewed")), (16, (403, "RequestTimeTooSkewed")), (-14, None), (14, None)],
)  # fmt: skip
def test_a_request_is_good_for_a_quarter_of_an_hour(server, monkeypatch, minutes, answer):
    at(monkeypatch, timedelta(minutes=minutes))
    asked = {"Bucket": "photos", "Key": "rocket.jpg"}
    if answer is None:
        of(server, "trainer").get_object(**asked)
    else:
        assert refused(of(server, "trainer").get_object, **asked) == answer


@pytest.mark.parametrize(("minutes", "status"), [(-59, 200), (-61, 403), (14, 200), (16, 403)])
def test_a_presigned_url_is_good_from_its_time_to_its_end(server, monkeypatch, minutes, status):
    at(monkeypatch, timedelta(minutes=minutes))
    asked = {"Bucket": "photos", "Key": "rocket.jpg"}
    url = of(server, "trainer").generate_presigned_url("get_object", asked, ExpiresIn=3600)
    answer = server.ask(target(url))
    assert answer.error == (status, None if status == 200 else "AccessDenied")


def test_what_is_signed_cannot_be_changed(server):
    asked = {"Bucket": "photos", "Key": "rocket.jpg"}
    url = target(of(server, "trainer").generate_presigned_url("get_object", asked))
    mismatch = (403, "SignatureDoesNotMatch")
    assert server.ask(url).status == 200
    assert server.ask(url, "HEAD").status == 403
    assert server.ask(f"{url}&seed=1").error == mismatch
    assert server.ask(url.replace("rocket", "coffee")).error == mismatch
    assert server.ask(url.replace("/photos/", "/others/")).error == mismatch
    assert server.ask(url.replace("rocket.jpg", "rocket%2Ejpg")).status in {200, 403}
    assert server.ask(url, headers={"Host": "elsewhere"}).error == mismatch
    assert server.ask(url.replace("Expires=3600", "Expires=7200")).error == mismatch
    assert server.ask(url, headers={"x-amz-expected-bucket-owner": "1" * 12}).status == 403


def test_an_anonymous_mount_is_read_without_a_key_and_with_any(server, expected):
    assert server.ask("/free/rocket.jpg").body == expected
    for pair in (("nobody", "at all"), ("trainer", "wrong"), ("trainer", SECRETS["trainer"])):
        s3 = server.client(*pair)
        assert s3.get_object(Bucket="free", Key="rocket.jpg")["Body"].read() == expected


def test_buckets_are_listed_to_those_who_may_read_them(server):
    def names(*pair: str) -> list[str]:
        return [bucket["Name"] for bucket in server.client(*pair).list_buckets()["Buckets"]]

    assert names("trainer", SECRETS["trainer"]) == ["free", "photos"]
    assert names("admin", SECRETS["admin"]) == ["free", "others", "photos"]
    assert names("nobody", "at all") == ["free"]
    assert re.findall(b"<Name>(.*?)</Name>", server.ask("/").body) == [b"free"]


def test_nothing_secret_is_written_anywhere(server):
    """Also in what is said to those whose signature is wrong: S3 would send them the string to sign."""
    asked = {"Bucket": "photos", "Key": "rocket.jpg"}
    url = target(server.client("trainer", "wrong").generate_presigned_url("get_object", asked))
    said = [server.ask(url).body, server.ask("/metrics").body]
    server.ask(f"/photos/none?{quote(SECRETS['trainer'])}")
    signed = target(of(server, "trainer").generate_presigned_url("get_object", asked))
    assert server.ask(signed).status == 200
    said += [server.log_file.read_bytes(), server.errors_file.read_bytes()]
    text = b"".join(said).decode()
    assert "rocket.jpg" in text
    for secret in (*SECRETS.values(), "Signature=", "X-Amz-Credential", "AWS4-HMAC"):
        assert secret not in text
    for link in (url, signed):
        assert re.search("Signature=([0-9a-f]{64})", link)[1] not in text
