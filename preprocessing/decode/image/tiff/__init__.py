"""TIFF and BigTIFF: directory, strips and tiles read by ourselves.

`image` is where to begin: `fields` reads the directory, `layout` holds its numbers against each other,
`segments` unpacks strips and tiles, `samples` makes RGB of them. libtiff sees LZW and ZSTD alone, in a
file that we write: its errors are few, and its warnings nobody hears.
"""
