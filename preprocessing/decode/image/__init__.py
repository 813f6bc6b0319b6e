"""Image formats other than JPEG and TIFF: a module for each, with `probe` and `decode`.

Each walks its file's structure itself, hears every integrity mark there, and hands a foreign decoder no
more than the bytes of one picture.
"""
