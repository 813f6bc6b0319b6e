"""Measure the geometry of a photograph of 12 megapixels: ``python -m bench.geometry``.

Each form of the source is measured on one thread, the fastest of many calls, with the seed of a read
through a door, so that nothing but the header is needed. The photograph has EXIF, as a camera writes it.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from timeit import repeat
from typing import Any

import numpy as np
from PIL import Image

from bench.environment import ROOT, occasion
from bench.photos import mosaic
from preprocessing import Geometry, Pipeline, Seed

_PAGE = ROOT / "docs/pipelines/geometry.md"
_BEGIN, _END = "<!-- geometry: written by python -m bench.geometry -->", "<!-- geometry: end -->"
_SPECS = (
    "resize:256/center_crop:224/npy",
    "random_resized_crop:224/random_horizontal_flip/npy",
    "letter_box:640/npy",
)
_CALLS, _REPEATS = 50, 40
_SEED = Seed(1, "train/a.jpg", '"etag"')


def main() -> None:
    """Print the table, and write it to the page."""
    rows = [{"pipeline": spec, **_measured(Pipeline.parse(spec))} for spec in _SPECS]
    made = occasion("preprocessing", "bench")
    lines = [_BEGIN, *_table(rows), "", _conditions(made), _END]
    text = _PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _PAGE.write_text(before + "\n".join(lines) + rest.partition(_END)[2], encoding="utf-8")
    sys.stdout.write(json.dumps({"made": made, "ms": rows}, indent=1) + "\n")


def photograph() -> bytes:
    """Return a JPEG of 4000 × 3000 pixels that EXIF turns."""
    exif = Image.Exif()
    for tag, value in ((0x010F, "Camera"), (0x0110, "Model"), (0x0112, 6), (0x0131, "1.0")):
        exif[tag] = value
    stream = io.BytesIO()
    with Image.open(io.BytesIO(mosaic(3000, 4000))) as image:
        image.save(stream, "JPEG", quality=90, subsampling="4:2:0", exif=exif)
    return stream.getvalue()


def _measured(pipeline: Pipeline) -> dict[str, float]:
    """Return the milliseconds of a call, for each form of the source, and of the header's text."""
    data = photograph()
    with TemporaryDirectory() as folder, Image.open(io.BytesIO(data)) as image:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(data)
        sources: dict[str, Any] = {
            "bytes": data,
            "path": path,
            "Pillow": image,
            "array": np.zeros((4000, 3000, 3), np.uint8),
        }
        found = {
            form: _least(lambda source=source: pipeline.geometry(source, seed=_SEED))
            for form, source in sources.items()
        }
    geometry: Geometry = pipeline.geometry(data, seed=_SEED)
    return found | {"as text": _least(lambda: str(geometry))}


def _least(call: Any) -> float:
    return round(min(repeat(call, number=_CALLS, repeat=_REPEATS)) / _CALLS * 1000, 3)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    names = list(rows[0])
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    for row in rows:
        spec, *numbers = row.values()
        lines.append(f"| `{spec}` | {' | '.join(f'{ms:.3f}' for ms in numbers)} |")
    return lines


def _conditions(made: dict[str, Any]) -> str:
    return (
        f"Milliseconds per call, the fastest of {_REPEATS} runs of {_CALLS} calls.\n{made['date']}, "
        f"commit {made['commit']}: {made['machine']['processor']}; Python {made['python']};\n"
        "`python -m bench.geometry`."
    )


if __name__ == "__main__":
    main()
