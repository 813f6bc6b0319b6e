"""Image decoding: one module, or package, per format, each with `probe` and `decode`.

Each module parses its format's structure itself and checks every checksum and length in it. A
third-party decoder is given the bytes of one picture only. `decoder` imports the module that is named
like the format.
"""
