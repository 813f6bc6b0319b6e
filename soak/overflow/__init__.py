"""A loader's overflow under faults: late, refused, cut off, forged and killed.

`phases` lists what is done in order, on the `stage` of a server behind a proxy that fails on request.
"""
