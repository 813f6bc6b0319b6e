"""Diagrams of the docs, as SVG that is legible in light and dark."""
