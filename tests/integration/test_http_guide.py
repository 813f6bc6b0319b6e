"""The examples of docs/doors/http.md run unchanged."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline, Seed

from ..paths import ROOT

GUIDE = (ROOT / "docs/doors/http.md").read_text()
URL = "http://127.0.0.1:9000"


def blocks(language: str, containing: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    (block,) = [text for text in found if containing in text]
    return block


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_curl_reads_and_lists(over_http, in_a_folder, photos):
    subprocess.run(
        ["bash", "-euc", blocks("sh", "curl").replace(URL, over_http.url)],
        check=True,
        capture_output=True,
    )
    expected = Pipeline.parse("resize:256/center_crop:224/npy").encode(photos["rocket.jpg"]).body
    assert (in_a_folder / "rocket.npy").read_bytes() == expected
    listed = ET.parse(in_a_folder / "list.xml").getroot()
    assert [key.text for key in listed.iterfind("{*}Contents/{*}Key")] == ["rocket.jpg"]


def test_curl_follows_by_the_host_as_on_aws(over_http, in_a_folder, photos):
    host = re.search(r"http://preprocess\.lambda-url\S+:9000", GUIDE)
    assert host is not None
    url = host[0].replace("9000", over_http.url.rpartition(":")[2])
    command = "curl --fail -L --aws-sigv4 aws:amz:us-east-1:lambda --user test:test -o large.npy"
    asked = [*shlex.split(command), f"{url}/photos/rocket.jpg?pipeline=large"]
    subprocess.run(asked, check=True, capture_output=True)
    expected = Pipeline.parse("resize:1300,1300/npy").encode(photos["rocket.jpg"]).body
    assert (in_a_folder / "large.npy").read_bytes() == expected


def test_python_reads(over_http, monkeypatch, photos):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    key, photo = "a photo + ü.jpg", photos["coffee.jpg"]
    over_http.client("s3").put_object(Bucket="photos", Key=key, Body=photo)
    names: dict[str, object] = {}
    exec(blocks("python", "SigV4Auth").replace(URL, over_http.url), names)
    default = Pipeline.parse("resize:256/center_crop:224/npy")
    imagenet = Pipeline.parse("resize:256/center_crop:224/normalize:imagenet/npy")
    assert names["tensor"] == default.encode(photos["rocket.jpg"]).body
    assert names["crop"] == imagenet.encode(photo, seed=Seed(3, key)).body
    read = names["read"]
    assert callable(read)
    large = Pipeline.parse("resize:1300,1300/npy")
    assert read("rocket.jpg", pipeline="large") == large.encode(photos["rocket.jpg"]).body


def test_up_takes_its_settings_from_the_environment_and_prints_the_url(photos):
    (line,) = [text for text in GUIDE.splitlines() if text.endswith(" jitprep up")]
    words = line.removesuffix(" jitprep up").split()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("jitprep"), "up", "--port", "0", "--workers", "1"],
        env={**os.environ, **dict(word.split("=") for word in words)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = iter(process.stdout.readline, "")
        printed = next(
            url for text in said if (url := re.search(r"http://\S+_lambda-url/\S+", text))
        )
        url = printed[0].rstrip("/")
        started = LocalObjectLambda(RunningEndpoint(url.partition("/_lambda-url/")[0]))
        assert url == started.function_url()
        s3 = started.client("s3")
        for bucket in ("photos", "spilled"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="photos", Key="rocket.jpg", Body=photos["rocket.jpg"])
        asked = AWSRequest("GET", f"{url}/photos/rocket.jpg?pipeline=imagenet&seed=1")
        SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(asked)
        answer = urllib3.request("GET", asked.url, headers=dict(asked.headers.items()))
        imagenet = Pipeline.parse("resize:256/center_crop:224/normalize:imagenet/npy")
        assert answer.data == imagenet.encode(photos["rocket.jpg"]).body
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 0
