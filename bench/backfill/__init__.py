"""What the planning of a backfill needs, by the number of originals."""
