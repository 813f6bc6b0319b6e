"""Write the gallery's pages and pictures into docs/pipelines/gallery. Run by ``make docs``."""

from __future__ import annotations

import os

from tools.gallery.examples import examples
from tools.gallery.overview import OVERVIEW, overview_file
from tools.gallery.pages import FOLDER, gallery_pages
from tools.gallery.pictures import picture_file
from tools.gallery.sources import TOKENIZERS


def main() -> None:
    """Write all files, and remove pictures of steps that are gone."""
    os.environ["JITPREP_TOKENIZERS"] = str(TOKENIZERS)
    FOLDER.mkdir(exist_ok=True)
    drawn = {f"{name}.webp": example for name, example in examples().items() if example.alt}
    for path in FOLDER.glob("*.webp"):
        if path.name not in {OVERVIEW, *drawn}:
            path.unlink()
    for name, example in drawn.items():
        (FOLDER / name).write_bytes(picture_file(example))
    (FOLDER / OVERVIEW).write_bytes(overview_file())
    for page, text in gallery_pages().items():
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
