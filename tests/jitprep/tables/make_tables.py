"""Writes the tables that the tests read, as `datasets` of Hugging Face writes them.

Run it where that library is: ``pip install datasets==5.2.0 pillow && python make_tables.py``.
"""

from __future__ import annotations

import io
import math
import tempfile
import wave
from contextlib import chdir
from pathlib import Path

import numpy as np
from datasets import Audio, ClassLabel, Dataset, Features, Image, List, Value, disable_progress_bars
from datasets.table import embed_table_storage
from PIL import Image as Picture

HERE = Path(__file__).resolve().parent / "data"
ROWS, GROUP = 10, 4
NAMES = ["cat", "dog", "heron"]


def picture(number: int) -> Picture.Image:
    """Return a small picture, of another size and colour for each number."""
    down, right = np.mgrid[0 : 12 + number, 0:16]
    samples = np.stack([down * 9, right * 15, np.full_like(down, 20 * number)], axis=-1)
    return Picture.fromarray(samples.astype(np.uint8))


def jpeg(number: int) -> bytes:
    """Return the file of a picture."""
    stream = io.BytesIO()
    picture(number).save(stream, "JPEG")
    return stream.getvalue()


def sound(number: int) -> bytes:
    """Return a WAV of a tone."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        pitch = 0.05 * (number + 1)
        tone = [round(9_000 * math.sin(pitch * at)) for at in range(200 + number)]
        file.writeframes(np.array(tone, "<i2").tobytes())
    return stream.getvalue()


def images() -> None:
    """Write images that were given as bytes, as a file and as pictures of Pillow.

    `images.parquet` has them as ``push_to_hub`` writes them: with the bytes of files. `paths.parquet` is
    what ``to_parquet`` makes of them: the file's image is its path.
    """
    Path("one.jpg").write_bytes(jpeg(1))
    rows = range(ROWS)
    data = {
        "image": [{"bytes": jpeg(0), "path": "zero.jpg"}, "one.jpg", *map(picture, rows[2:])],
        "label": [number % len(NAMES) for number in rows],
        "caption": [f"picture {number}" for number in rows],
        "boxes": [[[number, 0, 4, 4]] * (number % 3) for number in rows],
    }
    features = Features({
        "image": Image(),
        "label": ClassLabel(names=NAMES),
        "caption": Value("string"),
        "boxes": List(List(Value("int32"))),
    })  # fmt: skip
    made = Dataset.from_dict(data, features)
    made.select_columns(["image"]).to_parquet(HERE / "paths.parquet", batch_size=GROUP)
    whole = made.with_format("arrow").map(embed_table_storage, batched=True)
    whole.with_format(None).to_parquet(HERE / "images.parquet", batch_size=GROUP)


def sounds() -> None:
    """Write sounds."""
    data = {
        "audio": [{"bytes": sound(number), "path": f"{number}.wav"} for number in range(ROWS)],
        "text": [f"tone {number}" for number in range(ROWS)],
    }
    # Encoding sounds needs torchcodec; a column of structures is cast without it.
    made = Dataset.from_dict(data).cast_column("audio", Audio(decode=False))
    made.to_parquet(HERE / "sounds.parquet", batch_size=GROUP)


if __name__ == "__main__":
    disable_progress_bars()
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        images()
        sounds()
