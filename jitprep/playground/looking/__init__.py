"""What is seen of a source and its result: shared by the answers `look`, `explain` and `draws`."""
