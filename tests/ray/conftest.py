"""S3, as for the other engines."""

from tests.jitprep.backfill.conftest import moto, stage

__all__ = ["moto", "stage"]
