"""A container with little memory: large objects are refused, and the function is never killed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline

from .harness import Container, container, free_port, jitprep_up
from .reader import Reader

FEW, MANY = "resize:224,224/npy", "equalize/resize:224,224/npy"


def png(height: int, width: int) -> bytes:
    """Return a PNG of RGB stripes, a few kilobytes long."""
    line = b"\0" + bytes(range(240)) * (width * 3 // 240) + bytes(width * 3 % 240)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


PHOTOS = {"24.png": png(4000, 6000), "89.png": png(9450, 9450), "small.png": png(100, 150)}


@contextmanager
def reading(
    image: str, log: Path, megabytes: int
) -> Iterator[tuple[Container, Callable[[str, str], bytes | str]]]:
    """Yield a function that returns the body or the error code of a read, from such a container."""
    port = free_port()
    options = (
        *("-p", "127.0.0.1::8080", "--add-host", "endpoint:host-gateway"),
        *("--memory", f"{megabytes}m", "--memory-swap", f"{megabytes}m"),
        *("--env", f"AWS_ENDPOINT_URL=http://endpoint:{port}"),
    )
    with container(image, *options) as function:
        function.wait_until_it_listens()
        with jitprep_up(log, port, "--function", f"preprocess={function.url}") as url:
            reader = Reader(url)
            reader.put(PHOTOS)
            aliases = {
                spec: reader.access_point(f"point-{number}", {"spec": spec})
                for number, spec in enumerate((FEW, MANY))
            }

            def read(spec: str, key: str) -> bytes | str:
                try:
                    return reader.read(aliases[spec], key)
                except ClientError as error:
                    return str(error.response["Error"]["Code"])

            yield function, read


def made(spec: str, key: str) -> bytes:
    return bytes(Pipeline.parse(spec).encode(PHOTOS[key]).body)


@pytest.mark.parametrize(
    ("megabytes", "reads"),
    [
        pytest.param(
            1769, [(FEW, "24.png"), (MANY, "89.png"), (FEW, "89.png")], id="the-templates"
        ),
        pytest.param(256, [(FEW, "24.png"), (MANY, "24.png"), (FEW, "89.png")], id="little"),
    ],
)
def test_a_large_image_is_answered_or_refused_but_never_kills(
    function_image: str, tmp_path: Path, megabytes: int, reads: list[tuple[str, str]]
) -> None:
    small = made(FEW, "small.png")
    with reading(function_image, tmp_path / "log", megabytes) as (function, read):
        assert read(FEW, "small.png") == small
        before = function.processes()
        answers = [read(spec, key) for _ in range(2) for spec, key in reads]
        assert read(FEW, "small.png") == small
        assert function.processes() == before, "the function was started again"
        assert function.state("OOMKilled") == "false"
    if megabytes == 256:
        assert set(answers) == {"ObjectTooLarge"}
    else:
        assert answers == [made(spec, key) for spec, key in reads] * 2
