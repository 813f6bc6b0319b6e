"""Audio and text in the function image, and video in the image with FFmpeg: the library's bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline, Seed
from tests.media import PIPELINES, objects, of_kind

from .harness import container, docker, free_port, jitprep_up
from .reader import Reader

LIGHT = [name for name in PIPELINES if not name.startswith("video")]
# The size on x86-64 by `docker image inspect` without audio and text, and what these may add.
IMAGES_ALONE = 389_155_792
MAY_GROW = 15 * 10**6
# obstore, uvicorn, httptools and prometheus-client.
SERVER = 21 * 10**6


@contextmanager
def reading(image: str, log: Path) -> Iterator[Reader]:
    """Read every object from one locked-down container."""
    port = free_port()
    options = (
        *("-p", "127.0.0.1::8080", "--read-only", "--tmpfs", "/tmp"),
        *("--add-host", "endpoint:host-gateway"),
        *("--env", f"AWS_ENDPOINT_URL=http://endpoint:{port}"),
    )
    with container(image, *options) as function:
        function.wait_until_it_listens()
        with jitprep_up(log, port, "--function", f"preprocess={function.url}") as url:
            reader = Reader(url)
            reader.put(objects())
            yield reader


def hashes(reader: Reader, names: Sequence[str]) -> Mapping[tuple[str, str], str]:
    found = {}
    for name in names:
        alias = reader.access_point(name, {"spec": PIPELINES[name]})
        for key in of_kind(name):
            found[name, key] = hashlib.sha256(reader.read(alias, key)).hexdigest()
    return found


def by_library(names: Sequence[str]) -> Mapping[tuple[str, str], str]:
    return {
        (name, key): hashlib.sha256(
            Pipeline.parse(PIPELINES[name]).encode(body, seed=Seed(0, key)).body
        ).hexdigest()
        for name in names
        for key, body in of_kind(name).items()
    }


def test_the_function_reads_sound_and_text_and_says_what_video_needs(
    function_image: str, tmp_path: Path
) -> None:
    with reading(function_image, tmp_path / "log") as reader:
        assert hashes(reader, LIGHT) == by_library(LIGHT)
        alias = reader.access_point("video", {"spec": PIPELINES["video-fixed"]})
        with pytest.raises(ClientError, match="use the image for video"):
            reader.read(alias, "video/clip.mp4")


def test_the_image_with_ffmpeg_reads_every_kind(video_image: str, tmp_path: Path) -> None:
    with reading(video_image, tmp_path / "log") as reader:
        assert hashes(reader, [*PIPELINES]) == by_library([*PIPELINES])


def test_the_light_image_stays_light(function_image: str) -> None:
    size = int(docker("image", "inspect", "--format", "{{.Size}}", function_image))
    assert size <= IMAGES_ALONE + MAY_GROW + SERVER, (
        f"{size - IMAGES_ALONE:,} bytes more than with images alone"
    )
