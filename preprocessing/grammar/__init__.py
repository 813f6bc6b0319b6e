"""The three spellings of a pipeline: parsing, checking and writing, apart from doing."""
