"""`failure_of`: an error of one of many objects, as the page shows it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from jitprep.playground.asks import AskRefused
from jitprep.service.errors import RequestFailed, as_request_failed
from preprocessing import PreprocessingError

_log = logging.getLogger(__name__)


def failure_of(error: Exception, what: str = "an object") -> Mapping[str, str]:
    """Return the code and the message of an error, by the names of the service's errors.

    Unexpected errors are logged. `what` names what failed in that line of the log.
    """
    if isinstance(error, RequestFailed | PreprocessingError | MemoryError):
        failure = as_request_failed(error)
        return {"code": failure.code, "message": failure.message}
    if isinstance(error, AskRefused):
        return {"code": "InvalidRequest", "message": str(error)}
    _log.error("%s failed", what, exc_info=error)
    message = f"unexpected error, please report it: {type(error).__name__}: {error}"
    return {"code": "InternalError", "message": message}
