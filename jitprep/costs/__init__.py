"""Where preparing samples belongs, and what it costs there.

`inputs` are AWS's prices, what was measured of the user's samples and of reads in general, and the
user's plan. `ways` makes a bill of each way to prepare samples. `estimate` holds all of it, and
`answers` says which way costs least, as sentences, tables and plots. `simulation` says what many
readers do to a way in time.
"""
