"""HEIF, the container of AVIF and HEIC: its items in `items`, and the sizes of coded pictures.

`av1` reads these from the sequence header of AV1, and `hevc` from the parameter sets of HEVC.
"""
