"""Each unreadable object has its own error code, and the container keeps running."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline

from .harness import Container, container, free_port, jitprep_up
from .reader import Reader

SPEC = "grayscale/resize:224,224/png"
PHOTO = "rocket.jpg"


def png_of(width: int, height: int) -> bytes:
    """Return a well-formed PNG that declares a size and has almost no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@dataclass(frozen=True)
class Road:
    reader: Reader
    function: Container
    alias: str
    unknown_preset: str
    photo: bytes
    """The photograph as the good access point must return it."""

    def code(self, alias: str, key: str) -> str:
        """The error code of a read that must fail."""
        with pytest.raises(ClientError) as raised:
            self.reader.read(alias, key)
        return str(raised.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def road(
    function_image: str, photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Road]:
    """One locked-down container behind the endpoint, and a bucket of good and bad objects."""
    port = free_port()
    options = (
        *("-p", "127.0.0.1::8080", "--read-only", "--tmpfs", "/tmp"),
        *("--add-host", "endpoint:host-gateway"),
        *("--env", f"AWS_ENDPOINT_URL=http://endpoint:{port}"),
    )
    log = tmp_path_factory.mktemp("endpoint") / "log"
    with container(function_image, *options) as function:
        function.wait_until_it_listens()
        with jitprep_up(log, port, "--function", f"preprocess={function.url}") as url:
            reader = Reader(url)
            reader.put(
                {
                    PHOTO: photos[PHOTO],
                    "truncated.jpg": photos[PHOTO][:20_000],
                    "text.jpg": b"This is not a photograph.\n" * 50,
                    "empty.jpg": b"",
                    "bomb.png": png_of(20_000, 20_000),
                }
            )
            yield Road(
                reader,
                function,
                reader.access_point("good", {"spec": SPEC}),
                reader.access_point("unknown", {"pipeline": "no-such-preset"}),
                bytes(Pipeline.parse(SPEC).encode(photos[PHOTO]).body),
            )


def test_each_bad_read_has_a_code_of_its_own_and_the_function_lives_on(road: Road) -> None:
    assert road.reader.read(road.alias, PHOTO) == road.photo
    before = road.function.processes()
    reads = [
        (road.alias, "truncated.jpg"),
        (road.alias, "text.jpg"),
        (road.alias, "empty.jpg"),
        (road.alias, "bomb.png"),
        (road.alias, "missing.jpg"),
        (road.unknown_preset, PHOTO),
    ]
    codes = {}
    for alias, key in reads:
        codes[alias, key] = road.code(alias, key)
        assert road.reader.read(road.alias, PHOTO) == road.photo
    assert len(set(codes.values())) == len(reads), codes
    assert codes[road.alias, "missing.jpg"] == "NoSuchKey"
    assert road.function.processes() == before, "the function was started again"
