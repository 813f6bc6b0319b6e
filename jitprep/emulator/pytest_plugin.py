"""A pytest fixture that runs any Object Lambda function locally.

A test of a function ``handler`` in ``my_function.py``::

    def test_reads_are_upper_case(object_lambda_endpoint):
        local = object_lambda_endpoint(handler="my_function.handler")
        s3 = local.client("s3")
        s3.create_bucket(Bucket="texts")
        s3.put_object(Bucket="texts", Key="a.txt", Body=b"words")
        alias = local.create_access_point("upper", "texts")
        assert s3.get_object(Bucket=alias, Key="a.txt")["Body"].read() == b"WORDS"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jitprep.emulator.testing import LocalObjectLambda


@pytest.fixture(scope="session")
def object_lambda_endpoint() -> Iterator[Callable[..., LocalObjectLambda]]:
    """Return a function that starts a local S3 Object Lambda endpoint on a free port.

    It takes the arguments of `EndpointConfig` by name; ``handler`` is the function under test. Each
    call starts an endpoint with its own S3, which stops at the end of the test session.
    """
    # Not at the top: pytest imports this module in every run where jitprep is installed.
    from jitprep.emulator import Endpoint, EndpointConfig  # noqa: PLC0415
    from jitprep.emulator.testing import LocalObjectLambda  # noqa: PLC0415

    with ExitStack() as stack:

        def start(**settings: Any) -> LocalObjectLambda:
            config = EndpointConfig(**{"port": 0, **settings})
            return LocalObjectLambda(stack.enter_context(Endpoint(config)))

        yield start
