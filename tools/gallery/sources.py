"""Objects that the gallery's examples read: the demo's, and short texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jitprep.cli.demo_data.media import soundtrack, spoilt_text, video
from jitprep.cli.demo_data.photos import photographs

# What JITPREP_TOKENIZERS must name, for the tokenizer of an example.
TOKENIZERS = Path(__file__).parent
# Paragraphs of the demo's licence that an example shows.
_PARAGRAPHS = 3


@cache
def gallery_objects() -> dict[str, bytes]:
    """Return the objects by name."""
    paragraphs = spoilt_text().split(b"</p>")
    return {
        **photographs(),
        "bunny.wav": soundtrack(),
        "bikes.mp4": video(),
        "license.html": b"</p>".join([*paragraphs[:_PARAGRAPHS], b"\n</body></html>\n"]),
        "license.txt": "Copyright Â© 1997-2011 by Secret Labs AB\n".encode(),
        "cafe.txt": "Cafe\N{COMBINING ACUTE ACCENT}, cre\N{COMBINING GRAVE ACCENT}me\n".encode(),
        "wide.txt": "ﬁnal Ｖｅｒｓｉｏｎ ② of ½ ㎏\n".encode(),
        "spaces.txt": b"  Just   in time,\t\tat the\n\n   read.  \n",
        "contact.txt": b"Write to ada@example.com, or call +1 (415) 555-0134.\n"
        b"Card 4111 1111 1111 1111.\n",
        "sentence.txt": b"Preprocess at the read, just in time.\n",
        "captions.csv": b'photo,caption\ncoffee.jpg,"A cup, on a saucer"\nchelsea.jpg,A cat\n',
        "captions.jsonl": b'{"photo": "coffee.jpg", "caption": "A cup"}\n'
        b'{"photo": "chelsea.jpg", "caption": "A cat"}\n',
    }
