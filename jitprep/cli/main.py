"""Entry point of the `jitprep` command: what is wrong before a command starts is one line."""

from __future__ import annotations

import errno
import signal
import sys
from contextlib import suppress
from typing import NoReturn

from jitprep.cli import stdout

_WRONG, _INTERRUPTED = 2, 130
_UNWRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def main() -> None:
    """Run the command line, and end the process.

    Exits with status 2 where the extra ``cli`` is not installed, and with status 1 where standard output
    cannot be written.
    """
    with suppress(ValueError):  # Only a main thread may. A shell may have had SIGINT ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    stdout.replace_unknown()
    try:
        from jitprep.cli.commands import app as commands  # noqa: PLC0415  needs an extra
    except ModuleNotFoundError as error:
        _fail(f"jitprep needs {error.name}, which is not installed: pip install 'jitprep[cli]'")
    except ValueError as error:  # a variable that the library reads as it is imported
        if not str(error).startswith("JITPREP_"):
            raise
        _fail(str(error))
    except KeyboardInterrupt:  # imports take a moment
        sys.exit(_INTERRUPTED)
    try:
        commands()
    except OSError as error:  # the help, whose printing is Typer's
        if error.errno not in _UNWRITTEN:
            raise
        stdout.fail_unwritten(error)
    finally:
        stdout.flush()


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    sys.exit(_WRONG)


if __name__ == "__main__":
    main()
