"""The image at its Function URL: signed HTTP through the endpoint, and answers over 6 MB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.etree import ElementTree as ET

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.emulator.sockets import bridge_address
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from jitprep.service.lambda_limits import max_body_bytes
from preprocessing import Pipeline

from .harness import container, free_port, jitprep_up
from .reader import BUCKET, Reader

DEFAULT = "resize:256/center_crop:224/npy"
# Too large for Lambda's 6 MB.
LARGE = "resize:2000,2000/npy"
PRESETS = f'default = "eval"\n[presets]\neval = "{DEFAULT}"\nlarge = "{LARGE}"\n'
Ask = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture(scope="module")
def ask(
    function_image: str, photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ask]:
    """Read over HTTP from one locked-down container that may read one bucket."""
    port = free_port()
    folder = tmp_path_factory.mktemp("function-url")
    (folder / "presets.toml").write_text(PRESETS)
    # This machine's address on the bridge, at which the container and this test reach the endpoint.
    endpoint = f"http://{bridge_address()}:{port}"
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "JITPREP_PRESETS": "/presets/presets.toml",
        "JITPREP_BUCKETS": f"photos={BUCKET}",
        "JITPREP_SPILL": f"{BUCKET}/spilled",
        "JITPREP_REQUEST_OVERRIDES": "pipeline",
    }
    options = (
        *("-p", "127.0.0.1::8080", "--read-only", "--tmpfs", "/tmp"),
        *("--volume", f"{folder}:/presets:ro"),
        *(word for item in environment.items() for word in ("--env", "=".join(item))),
    )
    folder.chmod(0o755)
    with container(function_image, *options) as function:
        function.wait_until_it_listens()
        with jitprep_up(folder / "log", port, "--function", f"preprocess={function.url}") as url:
            Reader(url).put(photos)
            local = LocalObjectLambda(RunningEndpoint(url))

            def read(
                path: str, method: str = "GET", headers: Mapping[str, str] | None = None
            ) -> urllib3.BaseHTTPResponse:
                request = AWSRequest(method, local.function_url() + path, headers or {})
                SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)
                sent = dict(request.headers.items())
                return urllib3.request(method, request.url, headers=sent, redirect=False)

            yield read


def test_the_image_reads_heads_and_lists_over_http(ask: Ask, photos: Mapping[str, bytes]) -> None:
    for key, photo in photos.items():
        expected = Pipeline.parse(DEFAULT).encode(photo).body
        get, head = ask(f"/photos/{key}"), ask(f"/photos/{key}", "HEAD")
        assert (get.status, get.data) == (200, expected)
        assert head.headers["content-length"] == str(len(expected))
        part = ask(f"/photos/{key}", "GET", {"Range": "bytes=100-199"})
        assert (part.status, part.data) == (206, expected[100:200])
        etag = get.headers["etag"]
        assert ask(f"/photos/{key}", "GET", {"If-None-Match": etag}).status == 304
    listed = ET.fromstring(ask("/photos?list-type=2").data)
    sizes = {
        entry.findtext("{*}Key"): entry.findtext("{*}Size")
        for entry in listed.iterfind("{*}Contents")
    }
    assert {key: sizes[key] for key in photos} == dict.fromkeys(photos, str(len(expected)))


def test_the_image_puts_aside_what_lambda_cannot_carry(
    ask: Ask, photos: Mapping[str, bytes]
) -> None:
    answer = ask("/photos/rocket.jpg?pipeline=large")
    assert answer.status == 307
    fetched = urllib3.request("GET", answer.headers["location"])
    expected = Pipeline.parse(LARGE).encode(photos["rocket.jpg"]).body
    assert fetched.data == expected
    most = {"Range": f"bytes=0-{max_body_bytes() - 1}"}
    fits = ask("/photos/rocket.jpg?pipeline=large", "GET", most)
    assert (fits.status, fits.data) == (206, expected[: max_body_bytes()])


def test_the_image_reads_no_other_bucket(ask: Ask) -> None:
    answer = ask("/other/rocket.jpg")
    assert answer.status == 403
    assert ET.fromstring(answer.data).findtext("Code") == "BucketNotAllowed"
