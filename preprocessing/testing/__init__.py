"""Checks for the tests of a step of your own.

>>> from preprocessing.testing import check_step
"""

from preprocessing.testing.check import check_step

__all__ = ["check_step"]
