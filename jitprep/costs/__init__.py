"""Cost of preprocessing: at the read, in Lambda or on a server, once, or beside the GPU.

`prices` loads AWS's prices from `prices.toml`, and `refresh` fetches current ones. `measure` runs the
user's samples in a process, `probe`. `invocation`, `server` and `model` turn both into a `bill` of each
way, and `breakeven` compares them. `estimate` holds the whole, which `report` and `plot` present.
"""
