"""Bytes to samples: what an object is, is told by its content, never by its name.

Pictures become 8-bit RGB, upright, as Pillow's ``ImageOps.exif_transpose(image).convert("RGB")`` gives:
CMYK and YCCK by ``(255 - C)(255 - K) / 255``; palettes are looked up, gray is repeated; alpha is
dropped, not blended; samples of 16 bits keep the high byte, and floats are refused; of an animation the
first image is taken. `preprocessing.decode.image.decoder` has each rule in full.

`sniff` names the format, and so the kind. `image` decodes pictures; a module each decodes the others.
Each reads a header first, which is where damaged and oversized objects are refused, and samples later.
"""
