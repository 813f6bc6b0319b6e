"""The table of formats agrees with the decoders."""

from __future__ import annotations

from importlib import import_module

import pytest

from preprocessing import UnsupportedSource
from preprocessing.decode.formats import FORMATS, require_decoded
from preprocessing.decode.sniff import sniff

IMAGES = [name for name, found in FORMATS.items() if found.kind == "image" and name != "jpeg"]
DETECTED = [name for name, found in FORMATS.items() if not found.decoded]


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_format_has_a_module_of_its_name(name: str) -> None:
    module = import_module(f"preprocessing.decode.image.{name}")
    assert callable(module.probe)
    assert callable(module.decode)


@pytest.mark.parametrize("name", DETECTED)
def test_a_format_that_is_not_decoded_is_named_in_the_error(name: str) -> None:
    with pytest.raises(UnsupportedSource, match=FORMATS[name].label.partition("(")[0]):
        require_decoded(name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_signature_detects_its_format(name: str) -> None:
    found = FORMATS[name]
    chunks = [outer + bytes(4) + inner for outer, inner in found.chunks]
    for start in (*found.starts, *found.words, *chunks):
        assert sniff(start + bytes(64), "image") == found
