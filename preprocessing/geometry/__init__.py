"""Geometry: where each place of a source is in the result of a pipeline."""

from preprocessing.geometry.geometry import Geometry

__all__ = ["Geometry"]
