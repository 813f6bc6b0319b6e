"""`jitprep`, as it is started: the commands are in `jitprep.cli.commands`, and need ``jitprep[cli]``."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

_WRONG, _INTERRUPTED = 2, 130


def __getattr__(name: str) -> Any:
    """Give `app`, the commands; or what says that they are not installed."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with suppress(ValueError):  # only a main thread can; a shell may have had it ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        from jitprep.cli.commands import app  # noqa: PLC0415  what a plain install does not have
    except ModuleNotFoundError as error:
        missing = error.name or "a library"

        def refuse() -> NoReturn:
            sys.exit(f"error: the command needs {missing}: pip install 'jitprep[cli]'")

        return refuse
    except ValueError as error:  # what is read as the library is imported
        if not str(error).startswith("JITPREP_"):
            raise
        sys.stderr.write(f"error: {error}\n")
        sys.exit(_WRONG)
    except KeyboardInterrupt:  # importing it all takes a moment
        sys.exit(_INTERRUPTED)
    return app


if __name__ == "__main__":
    __getattr__("app")()
