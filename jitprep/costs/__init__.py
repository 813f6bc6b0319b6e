"""What preparing N objects for E epochs costs each way: at the read, once, or beside the GPU.

Read `prices`, what AWS asks, with `prices.toml`; `measure`, what the user's own photographs take here,
with `probe`, the process that takes it; `invocation` and `model`, where both become dollars;
`breakeven`, where one way overtakes another; then `estimate`, which holds all of it, `report` and
`plot`. `refresh` asks AWS for its prices of today.
"""
