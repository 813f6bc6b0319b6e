"""What a notebook shows: a table of steps, and what there is before and after, by its kind."""

from __future__ import annotations

from preprocessing.preview.base import Preview
from preprocessing.preview.compare import compare, panel, panel_before
from preprocessing.preview.page import TextPreview
from preprocessing.preview.picture import Picture
from preprocessing.preview.table import steps_table

__all__ = ["Picture", "Preview", "TextPreview", "compare", "panel", "panel_before", "steps_table"]
