"""Whether a connection that is kept can carry another request."""

from __future__ import annotations

import select
import socket


def is_idle(connection: socket.socket) -> bool:
    """Return whether a connection is open and has no bytes to read.

    An answer that comes before its request is not the answer to it.
    """
    pending = getattr(connection, "pending", None)  # what TLS has decrypted already
    if pending is not None and pending():
        return False
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return not poll.poll(0)
