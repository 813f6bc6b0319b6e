"""What `import preprocessing` loads: a cold start is paid for by every import."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.paths import ROOT
from tests.photos import photo

HEAVY = (
    "scipy",
    "skimage",
    "boto3",
    "botocore",
    "urllib3",
    "PIL",
    "asyncio",
    "json",
    "difflib",
    "urllib",
    "preprocessing.transforms.image.pad",
    "preprocessing.encodings.images",
    "preprocessing.preview",
)

SCRIPT = """
import sys
from preprocessing import Pipeline
p = Pipeline.parse("resize:256/center_crop:224/normalize:imagenet/npy")
assert p.output.shape == (3, 224, 224)
assert p(sys.argv[1]).shape == (3, 224, 224)
assert len(p.encode(sys.argv[1]).body) == p.output.nbytes
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


def test_a_jpeg_to_a_tensor_loads_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo("rocket"))
    # Without `site` (-S), because the import hook of an editable install loads modules of its own.
    command = [sys.executable, "-S", "-W", "error", "-c", SCRIPT, str(path), *HEAVY]
    folders = os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
