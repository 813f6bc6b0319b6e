"""Overflow of a loader: samples that this machine cannot make in time are read from a remote door.

`opening` makes the remote reader. `demand` says how many reads should be under way, and the process of
`worker` keeps so many, within the `window` that the remote bears (`reads`). What it reads first is held
against this machine's own result (`comparison`). `stragglers` says which reads are late, and a worker
makes these.
"""
