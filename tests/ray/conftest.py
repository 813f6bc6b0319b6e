"""The S3 of the other engines' tests."""

from tests.jitprep.backfill.conftest import moto, stage

__all__ = ["moto", "stage"]
