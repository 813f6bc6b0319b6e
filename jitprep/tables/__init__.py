"""Parquet tables whose rows are samples: checked by our own small parser, then decoded by pyarrow.

`thrift` reads the encoding that `footer` and `pages` are written in; `columns` finds the column of the
samples; `arrow` decodes, and is the only module that imports pyarrow; `table` brings them together.
"""
