"""Kernels of text. A text is a ``str``; an array of texts has one axis, the documents."""
