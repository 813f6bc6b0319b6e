"""Cost of preprocessing for each way to run it: at the read, once, or beside the GPU.

`prices` loads AWS's prices from `prices.toml`, and `refresh` fetches current ones. `measure` runs the
user's samples in a process, `probe`. `invocation` and `model` turn both into dollars, and `breakeven`
compares the ways. `estimate` holds the whole, which `report` and `plot` present.
"""
