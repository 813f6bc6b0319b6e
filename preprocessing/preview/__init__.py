"""Notebook output: a table of a pipeline's steps, and previews of a source and its result."""

from __future__ import annotations

from preprocessing.preview.base import Preview
from preprocessing.preview.compare import compare, panel, panel_before
from preprocessing.preview.page import TextPreview
from preprocessing.preview.picture import Picture
from preprocessing.preview.table import steps_table

__all__ = ["Picture", "Preview", "TextPreview", "compare", "panel", "panel_before", "steps_table"]
