"""The bytes of a few results, to the bit, on any processor.

`bytes.json` was made on x86-64, and the image's arm64 build gave the same. A change of it is a change
of every user's data: raise `NUMERICS_VERSION`, or say in the changelog which dependency did it. PNG is
left out, because its compression is that of the interpreter's own zlib. To make it anew::

    python tests/golden/test_bytes.py > tests/golden/bytes.json
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from preprocessing import Pipeline
from tests.photos import FOLDER

GOLDEN = Path(__file__).with_name("bytes.json")
PHOTOS = ("rocket.jpg", "retina.jpg", "coffee.png")
SPECS = (
    "resize:256/center_crop:224/normalize:imagenet/npy",
    "resize:97,interpolation=lanczos/npy",
    "resize:301,211,interpolation=bicubic,antialias=false/normalize:clip/npy",
    "resize:120/jpeg",
    "resize:64/webp",
    "color_jitter:brightness=0.4,contrast=0.4,saturation=0.4,hue=0.1/gaussian_blur:9/npy",
    "random_resized_crop:96/random_affine:30,translate=0.1,0.1/random_erasing/npy",
    "resize:128/trivial_augment_wide/rand_augment:3/npy",
    "resize:200/views:2/random_resized_crop:96/random_horizontal_flip/npy",
    "views:1,key=global/random_resized_crop:64/views:3,key=local/random_crop:32/safetensors",
)


def digests() -> dict[str, str]:
    """Return the start of each result's hash, by photograph and pipeline."""
    return {
        f"{photo} {spec}": hashlib.sha256(
            Pipeline.parse(spec).encode(FOLDER / photo).body
        ).hexdigest()[:12]
        for photo in PHOTOS
        for spec in SPECS
    }


def test_bytes_are_what_they_were() -> None:
    assert digests() == json.loads(GOLDEN.read_text())


if __name__ == "__main__":
    print(json.dumps(digests(), indent=1))  # noqa: T201
