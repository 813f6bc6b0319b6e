"""TIFF and BigTIFF decoder: directory, strips and tiles are read here.

`decoder` is the entry point. `fields` reads the directory, `layout` checks that its numbers
agree, with `sample_format` for their types,
`packed` finds the strips and tiles, `segments` unpacks them, and `samples` converts them to RGB.
libtiff, which does not report its warnings through Pillow, decodes only LZW and ZSTD, from a file that
`libtiff` writes.
"""

from preprocessing.decode.image.tiff.decoder import decode, decode_index, index_bits, probe

__all__ = ["decode", "decode_index", "index_bits", "probe"]
