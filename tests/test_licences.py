"""The licences of what the images bundle, from the metadata of the packages."""

from __future__ import annotations

from importlib.metadata import distribution

import numpy as np

from tools.licences import COPYLEFT, describe, notices
from tools.licences_page import page

from .paths import ROOT


def test_the_page_is_current() -> None:
    """`make licences` writes it."""
    assert (ROOT / "docs/licences.md").read_text(encoding="utf-8") == page()


def test_the_gpl_libraries_of_pyav_are_found() -> None:
    assert {"libx264", "libx265"} <= set(describe(distribution("av")).libraries)
    assert COPYLEFT["libx264"] == COPYLEFT["libx265"] == "GPL-2.0-or-later"


def test_notices_name_the_gpl_only_where_it_applies() -> None:
    of_video = notices([describe(distribution("av")), describe(distribution("numpy"))])
    assert "GNU General Public License" in of_video.partition("=" * 80)[0]
    of_function = notices([describe(distribution("numpy"))])
    assert "GNU General Public License" not in of_function.partition("=" * 80)[0]


def test_notices_have_the_licence_texts() -> None:
    text = notices([describe(distribution("numpy"))])
    assert f"numpy {np.__version__}" in text
    assert "Redistribution and use in source and binary forms" in text
