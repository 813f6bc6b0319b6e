"""Constants that the tests of Function URLs share."""

from __future__ import annotations

from collections.abc import Callable

import urllib3

HOST = "preprocess.lambda-url.us-east-1.on.aws"
FAILURE = b"Internal Server Error"
Ask = Callable[..., urllib3.BaseHTTPResponse]
