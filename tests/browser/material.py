"""The folder that the page shows: objects of each kind, hostile names, broken files and a shard."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from preprocessing import Pipeline
from tests.media import TEXT, clip, sound
from tests.photos import photo

HOSTILE = (
    "<img src=x onerror=alert(1)>.png",
    "<script>alert(1)<&sol;script>.png",
    "two\nlines\tand a tab.png",
    "\"double\" 'single' `back` & <b>.png",
    "?a=1&b=%2e%2e#part.png",
    f"{'long' * 49}.png",
    "\u202egnp.gnihtyna\u202c.png",
    "\u05e9\u05dc\u05d5\u05dd.png",
    "${7*7} {{7*7}} $(id).png",
)
# Of the photographs of `many/`. The broken ones are among them, and neither first nor last.
MANY = 24
BROKEN = ("many/07-broken.jpg", "many/15-broken.jpg")
WORDS = ("[UNK]", "just", "in", "time", "the", "page", "shows", "pieces", ".")
SENTENCE = "Just in time the page shows pieces."


def objects() -> Mapping[str, bytes]:
    """Return the objects by key."""
    small = Pipeline.parse("resize:48/jpeg")
    png = bytes(Pipeline.parse("resize:24,24/png").encode(photo("coffee")).body)
    names = ("rocket", "astronaut", "chelsea", "coffee")
    found = {f"photos/{name}.jpg": photo(name) for name in names}
    found |= {f"hostile/{name}": png for name in HOSTILE}
    found |= {
        f"many/{number:02}.jpg": bytes(small.encode(photo(names[number % 4])).body)
        for number in range(MANY)
    }
    found |= {key: photo("rocket")[: 2000 + 500 * number] for number, key in enumerate(BROKEN)}
    return found | {
        "broken/cut.jpg": photo("rocket")[:9000],
        "broken/empty.png": b"",
        "broken/noise.jpg": bytes(range(256)) * 8,
        "masks/classes.png": mask(),
        "shards/broken.tar": shard(photo("chelsea")[:3000]),
        "shards/samples.tar": shard(photo("chelsea")),
        "sound/tone.wav": sound(),
        "text/note.html": TEXT,
        "text/sentence.txt": SENTENCE.encode(),
        "video/clip.mp4": clip(),
    }


def lay(folder: Path) -> None:
    """Write the objects into a folder."""
    for key, body in objects().items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def mask() -> bytes:
    """Return a PNG with a palette: class 1 in the left half, 7 in the right, 255 at the border."""
    classes = np.full((120, 160), 255, np.uint8)
    classes[5:-5, 5:80] = 1
    classes[5:-5, 80:-5] = 7
    image = Image.fromarray(classes, "P")
    image.putpalette([value for number in range(256) for value in (number, 255 - number, 99)])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def shard(last: bytes) -> bytes:
    """Return a tar of three samples, each a photograph and a label."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        for name, body in _samples(last):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            file.addfile(member, io.BytesIO(body))
    return stream.getvalue()


def _samples(last: bytes) -> Iterator[tuple[str, bytes]]:
    for number, body in enumerate((photo("rocket"), photo("coffee"), last)):
        yield f"{number:04}.jpg", body
        yield f"{number:04}.json", json.dumps({"label": number}).encode()


def tokenizer(folder: Path) -> None:
    """Write ``words.json``: one token for each of `WORDS`."""
    numbers = {word: number for number, word in enumerate(WORDS)}
    words = Tokenizer(models.WordLevel(numbers, unk_token=WORDS[0]))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "words.json"))
