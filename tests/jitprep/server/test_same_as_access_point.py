"""A mount and an access point on one bucket: the same bytes, ETags and headers, or the same refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import Pipeline
from preprocessing.encodings._catalogue import ENCODING_CLASSES
from tests.media import objects
from tests.paths import ROOT
from tests.photos import photo

from .running import Running, serving

BUCKET, PREFIX = "media", "deeper/still"
SPECS = {
    "image": (
        "resize:24,32/npy",
        "center_crop:24/npy:hwc",
        "resize:24/raw",
        "normalize:imagenet/resize:24,24/safetensors",
        "resize:48/jpeg",
        "grayscale/resize:48/png",
        "resize:48/webp",
        "random_resized_crop:24/random_horizontal_flip/npy",
        "random_rotation:30/color_jitter/resize:40/png",
        "rand_augment/resize:24,24/npy",
    ),
    "sound": (
        "mono/resample:16000/pad_or_trim:1/log_mel:whisper/npy",
        "mono/resample:8000/wav",
        "resample:8000/flac",
        "mono/raw",
        "mono/pad_or_trim:1/safetensors",
        "mono/pad_or_trim:1/add_noise:10/npy",
    ),
    "text": ("strip_html/nfc/collapse_whitespace/text", "nfkc/redact_patterns/jsonl"),
    "video": (
        "sample_frames:4/resize:32,32/npy",
        "sample_frames:3/resize:32/raw",
        "sample_frames:2/resize:32,32/safetensors",
        "sample_frames:4/resize:32,32/jpeg",
        "sample_frames:8/resize:64,64/mp4",
        "sample_frames:4/random_crop:32/npy",
    ),
}
CASES = [(kind, number) for kind, specs in SPECS.items() for number in range(len(specs))]
SEEDS = (None, 0, 1, 2**63 - 1)


def originals() -> dict[str, bytes]:
    photos = {f"image/{name}.jpg": photo(name) for name in ("rocket", "chelsea")}
    return {**photos, **objects(), "image/empty.jpg": b"", "image/none.pdf": b"%PDF-1.7 none"}


@pytest.fixture(scope="module")
def endpoint(object_lambda_endpoint: Callable[..., Any]) -> Any:
    overrides = {"JITPREP_REQUEST_OVERRIDES": "seed"}
    started = object_lambda_endpoint(task_root=ROOT, workers=1, worker_env=overrides)
    s3 = started.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for key, body in originals().items():
        for name in (key, f"{PREFIX}/{key}"):
            s3.put_object(Bucket=BUCKET, Key=name, Body=body, Metadata={"label": "a"})
    return started


@pytest.fixture(scope="module")
def through(endpoint: Any) -> Any:
    return endpoint.client("s3")


@pytest.fixture(scope="module")
def aliases(endpoint: Any) -> Mapping[tuple[str, int], str]:
    return {
        (kind, number): endpoint.create_access_point(
            f"{kind}-{number}",
            BUCKET,
            payload=json.dumps({"spec": SPECS[kind][number]}),
            actions=("GetObject", "HeadObject", "ListObjects", "ListObjectsV2"),
            features=(
                "GetObject-Range",
                "GetObject-PartNumber",
                "HeadObject-Range",
                "HeadObject-PartNumber",
            ),
        )
        for kind, number in CASES
    }


@pytest.fixture(scope="module")
def server(endpoint: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    here = tmp_path_factory.mktemp("server")
    common = (
        f'endpoint = "{endpoint.url}"\naccess_key_id = "env:ID"\n'
        'secret_access_key = "env:SECRET"\nanonymous = true\noverrides = ["seed"]\n'
    )
    mounts = [
        f'[mounts.{name}{kind}-{number}]\nsource = "s3://{BUCKET}/{prefix}"\n'
        f'pipeline = "{SPECS[kind][number]}"\n{common}'
        for kind, number in CASES
        for name, prefix in (("", ""), ("in-", PREFIX))
    ]
    (here / "jitprep.toml").write_text("workers = 1\n" + "".join(mounts))
    with serving(here, "--config", here / "jitprep.toml", ID="test", SECRET="test") as running:
        yield running


def ask(client: Any, method: str, seed: int | None = None, **asked: Any) -> dict[str, Any]:
    """Return what a client is answered, and its body or its error, without what differs by door."""

    def add(request: Any, **_: Any) -> None:
        if seed is not None:
            request.headers["x-jitprep-seed"] = str(seed)

    client.meta.events.register_first("before-sign.s3", add, unique_id="seed")
    try:
        answer = getattr(client, method)(**asked)
    except ClientError as error:
        said = error.response
        return {"status": said["ResponseMetadata"]["HTTPStatusCode"], "error": said["Error"]}
    finally:
        client.meta.events.unregister("before-sign.s3", unique_id="seed")
    metadata = answer.pop("ResponseMetadata")
    if "Body" in answer:
        answer["Body"] = answer["Body"].read()
    return {"status": metadata["HTTPStatusCode"], **answer}


def keys(kind: str) -> list[str]:
    return [key for key in originals() if key.startswith(f"{kind}/")]


def test_every_encoding_is_compared():
    used = {Pipeline.parse(spec).encoding.name for specs in SPECS.values() for spec in specs}
    assert used == set(ENCODING_CLASSES)


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_a_mount_and_an_access_point_answer_alike(through, aliases, server, kind, number):
    """The mount of a prefix draws what an access point draws for the whole key."""
    direct, alias = server.client(), aliases[kind, number]
    random = Pipeline.parse(SPECS[kind][number]).random
    for key in keys(kind):
        for method in ("get_object", "head_object"):
            for seed in SEEDS if random else (None,):
                at = {"Key": key, "ChecksumMode": "ENABLED"}
                expected = ask(through, method, seed, Bucket=alias, **at)
                assert ask(direct, method, seed, Bucket=f"{kind}-{number}", **at) == expected
                deeper = {"Key": f"{PREFIX}/{key}", "ChecksumMode": "ENABLED"}
                expected = ask(through, method, seed, Bucket=alias, **deeper)
                assert ask(direct, method, seed, Bucket=f"in-{kind}-{number}", **at) == expected


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_listings_are_alike(through, aliases, server, kind, number):
    direct = server.client()
    for method in ("list_objects", "list_objects_v2"):
        asked = {"Prefix": f"{kind}/"}
        expected, found = (
            ask(client, method, Bucket=bucket, **asked)
            for client, bucket in (
                (through, aliases[kind, number]),
                (direct, f"{kind}-{number}"),
            )
        )
        for one in (expected, found):
            assert one.pop("Name")
        assert found == expected
        assert len(found["Contents"]) == len(keys(kind))


@pytest.mark.parametrize(
    ("kind", "number"), [("image", 0), ("image", 4), ("sound", 0), ("text", 0), ("video", 3)]
)
def test_objects_of_other_kinds_and_missing_ones_are_refused_alike(
    through, aliases, server, kind, number
):
    for key in (*keys("image"), "text/note.html", "sound/tone.wav", "video/short.mp4", "no/such"):
        if key.startswith(f"{kind}/"):
            continue
        for method in ("get_object", "head_object"):
            expected, found = (
                ask(client, method, Bucket=bucket, Key=key)
                for client, bucket in (
                    (through, aliases[kind, number]),
                    (server.client(), f"{kind}-{number}"),
                )
            )
            if "error" in expected:
                assert found["status"] == expected["status"]
                assert found["error"]["Code"] == expected["error"]["Code"]
            else:
                assert found == expected


PARTS = st.one_of(
    st.builds("bytes={}-{}".format, st.integers(0, 9000), st.integers(0, 9000)),
    st.builds("bytes={}-".format, st.integers(0, 9000)),
    st.builds("bytes=-{}".format, st.integers(0, 9000)),
    st.sampled_from(["bytes=0-0,2-3", "lines=0-1", "bytes", "bytes=-", "bytes=5-4"]),
).map(lambda text: {"Range": text}) | st.integers(0, 3).map(lambda number: {"PartNumber": number})


@pytest.mark.parametrize(
    ("kind", "number", "key"),
    [
        ("image", 0, "image/rocket.jpg"),
        ("image", 8, "image/chelsea.jpg"),
        ("text", 0, "text/note.html"),
        ("sound", 1, "sound/mono.wav"),
    ],
)
@settings(max_examples=15)
@given(part=PARTS)
def test_any_part_is_alike(through, aliases, server, kind, number, key, part):
    for method in ("get_object", "head_object"):
        expected, found = (
            ask(client, method, Bucket=bucket, Key=key, **part)
            for client, bucket in (
                (through, aliases[kind, number]),
                (server.client(), f"{kind}-{number}"),
            )
        )
        if "error" in expected:
            assert (found["status"], found["error"]["Code"]) == (
                expected["status"],
                expected["error"]["Code"],
            )
        else:
            assert found == expected
