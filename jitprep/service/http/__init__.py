"""What clients ask of an object in HTTP's terms: conditions, ranges, checksums, content codings."""
