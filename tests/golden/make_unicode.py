"""Make `unicode.json.xz`: Unicode's own tests of normalisation and of grapheme clusters, compactly.

Run by hand, on the folder of Debian's package unicode-data (here 15.0.0-1)::

    apt-get download unicode-data && dpkg -x unicode-data_*.deb ucd
    python tests/golden/make_unicode.py ucd/usr/share/unicode

``normal`` holds of each line of NormalizationTest.txt the source, NFC, NFD, NFKC and NFKD; ``graphemes``
of each line of GraphemeBreakTest.txt its clusters. Unicode's data are under the Unicode License.
"""

from __future__ import annotations

import bz2
import json
import lzma
import re
import sys
from collections.abc import Iterator
from pathlib import Path


def main(folder: Path) -> None:
    """Write the file beside this one."""
    normal = bz2.decompress((folder / "NormalizationTest.txt.bz2").read_bytes()).decode()
    graphemes = (folder / "auxiliary/GraphemeBreakTest.txt").read_text(encoding="utf-8")
    version = re.match(r"# NormalizationTest-([\d.]+)\.txt", normal)
    assert version is not None
    made = {
        "version": version[1],
        "normal": [
            [_text(column) for column in line.split(";")[:5]]
            for line in _lines(normal)
            if line[0] != "@"
        ],
        "graphemes": [
            [_text(cluster.replace("×", " ")) for cluster in line.split("÷") if cluster.strip()]
            for line in _lines(graphemes)
        ],
    }
    data = json.dumps(made, ensure_ascii=True, separators=(",", ":")).encode()
    path = Path(__file__).with_name("unicode.json.xz")
    path.write_bytes(lzma.compress(data, preset=9))
    print(f"{path}: {path.stat().st_size} bytes")  # noqa: T201


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if content:
            yield content


def _text(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
