"""One process of the function, which loads the handler and answers invocations until SIGTERM."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

from handler.runtime.log import write_log_line
from handler.runtime_client.connection import RuntimeApi, RuntimeApiFailed
from handler.runtime_client.failures import describe_error, error_type_header
from handler.runtime_client.invocations import StreamHandler, run_invocations

# Exit statuses. Those of a failed snapshot are the ones of AWS's own client.
FAILED, INIT_FAILED, BEFORE_SNAPSHOT_FAILED, AFTER_RESTORE_FAILED = 1, 63, 64, 65


def load_handler() -> StreamHandler:
    """Return the function's handler. Its first import reads the configuration, and loads the steps."""
    from handler.app import stream_handler  # noqa: PLC0415  a failure is reported to Lambda

    return stream_handler


def run_process(
    api: RuntimeApi,
    load: Callable[[], StreamHandler] = load_handler,
    answered: Callable[[], object] = lambda: None,
) -> int:
    """Answer invocations until SIGTERM; return the exit status.

    An invocation that runs when the signal comes is answered first.

    Parameters
    ----------
    api : RuntimeApi
    load : callable
        Returns the handler. What it raises is reported as the reason of a failed initialisation.
    answered : callable
        Called after each answer.
    """
    try:
        handler = load()
    except Exception as error:  # whatever it is, Lambda is to show it
        report_init_failure(api, error)
        return INIT_FAILED
    try:
        if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
            status = _wait_in_snapshot(api)
            if status:
                return status
        run_invocations(api, handler, _interrupted_by_sigterm(), answered)
    except RuntimeApiFailed as error:
        write_log_line("ERROR", {"errorMessage": str(error)})
        return FAILED
    return 0


def report_init_failure(api: RuntimeApi, error: Exception, kind: str | None = None) -> None:
    """Log why the function cannot start, and report it to Lambda."""
    _report(api, "init/error", error, kind or type(error).__name__)


def _wait_in_snapshot(api: RuntimeApi) -> int:
    """Run the hooks before the snapshot, wait until it is restored, and run the hooks after that.

    They are those of AWS's registry, so that the same hooks run under AWS's own client.
    """
    from snapshot_restore_py import (  # noqa: PLC0415  few functions have snapshots
        get_after_restore,
        get_before_snapshot,
    )

    try:
        for function, given, named in reversed(get_before_snapshot()):
            function(*given, **named)
    except Exception as error:
        report_init_failure(api, error, "Runtime.BeforeSnapshotError")
        return BEFORE_SNAPSHOT_FAILED
    restored = api.get("restore/next")
    if restored is None or restored.status != 200:
        raise RuntimeApiFailed(f"the snapshot was not restored: {restored}")
    api.close()
    try:
        for function, given, named in get_after_restore():
            function(*given, **named)
    except Exception as error:
        _report(api, "restore/error", error, "Runtime.AfterRestoreError")
        return AFTER_RESTORE_FAILED
    return 0


def _report(api: RuntimeApi, path: str, error: Exception, kind: str) -> None:
    found = {**describe_error(error), "errorType": kind}
    write_log_line("ERROR", found)
    headers = {"Content-Type": "application/json", **error_type_header(kind)}
    try:
        api.post(path, headers, json.dumps(found).encode())
    except RuntimeApiFailed as failed:
        write_log_line("ERROR", {"errorMessage": str(failed)})


def _interrupted_by_sigterm() -> int:
    """Return a descriptor that can be read from the first SIGTERM on."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    # The handler alone would not do: a signal that comes just before a wait must end the wait too.
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _ignore)
    return readable


def _ignore(*_: object) -> None:
    """Do nothing: the descriptor says that the signal came."""
