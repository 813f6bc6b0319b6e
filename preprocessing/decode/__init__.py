"""Bytes to samples: what an object is, is told by its content, never by its name.

`sniff` names the format, and so the kind. `image` decodes pictures; a module each decodes the others.
Each reads a header first, which is where damaged and oversized objects are refused, and samples later.
"""
