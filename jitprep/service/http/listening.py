"""The socket that a server of HTTP listens on, and why it cannot be had."""

from __future__ import annotations

import errno
import socket

# Somewhat more than the time for which an answer waits for a client that takes nothing.
_STALL_MS = 45_000


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket, which does not listen yet.

    Parameters
    ----------
    host : str
    port : int
        0 for any free one.

    Raises
    ------
    ValueError
        Where the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name: only then does asyncio disable Nagle's algorithm, which would delay answers by 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; each connection inherits it
        # Closing a connection in order waits until its client takes all bytes, which it may never do.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALL_MS)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise ValueError(_cannot_listen(host, port, error)) from None
    sock.set_inheritable(True)
    return sock


def url_at(sock: socket.socket) -> str:
    """Return the URL at which a client on this machine reaches a socket."""
    host, port = sock.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _cannot_listen(host: str, port: int, error: OSError | OverflowError) -> str:
    where = f"cannot listen on {host}, port {port}"
    if isinstance(error, OverflowError):
        return f"{where}: a port is a number from 0 to 65535"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{where}: another process listens there; choose another --port, or 0 for any free one"
        )
    if error.errno == errno.EACCES:
        return f"{where}: {error.strerror}; choose a --port from 1024"
    return f"{where}: {error.strerror}; check --host"
