"""A connection to one server, with or without TLS, that carries one request after another."""

from __future__ import annotations

import os
import socket
from functools import cache
from typing import TYPE_CHECKING

from jitprep.service.http_client.failures import HttpFailed
from jitprep.service.http_client.idle import is_idle
from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    import ssl

    from _typeshed import ReadableBuffer as Buffer

# The scheme, the host (of IPv6 in brackets) and the port.
ServerAddress = tuple[str, str, int]


class PooledConnection:
    """A connection to a server.

    Parameters
    ----------
    server : tuple of (str, str, int)
    connect_s : float
        Seconds that connecting may take, TLS included.

    Raises
    ------
    HttpFailed
    """

    def __init__(self, server: ServerAddress, connect_s: float) -> None:
        self.server = server
        scheme, host, port = server
        try:
            # As bytes, which need no look at internationalised names: importing that takes 5 ms.
            name = (host.strip("[]").encode("ascii"), port)
            self._socket = socket.create_connection(name, connect_s)  # type: ignore[arg-type]
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                self._socket = _encrypted(self._socket, host.strip("[]"))
        except socket.gaierror:
            raise HttpFailed("its name cannot be resolved") from None
        except TimeoutError:
            raise HttpFailed(f"no connection within {connect_s:.0f} s") from None
        except OSError as error:
            raise HttpFailed.of(error) from None
        self._stall_s = connect_s

    def send(self, data: Buffer, stall_s: float) -> None:
        """Send bytes; `stall_s` holds for them and for what is received until the next call.

        Parameters
        ----------
        data : bytes-like
        stall_s : float
            How long the server may take nothing, or send nothing.

        Raises
        ------
        HttpFailed
        """
        self._stall_s = stall_s
        try:
            self._socket.settimeout(stall_s)
            self._socket.sendall(data)
        except TimeoutError:
            raise HttpFailed(f"it took nothing for {stall_s:.0f} s") from None
        except OSError as error:
            raise HttpFailed.of(error) from None

    def receive(self, most: int) -> bytes:
        """Return what has arrived, at most so many bytes; empty where the server has closed.

        Raises
        ------
        HttpFailed
        Cancelled
            Where the work's time is over: a server that sends byte after byte never stalls.
        """
        checkpoint()
        try:
            return self._socket.recv(most)
        except TimeoutError:
            raise HttpFailed(f"nothing arrived for {self._stall_s:.0f} s") from None
        except OSError as error:
            raise HttpFailed.of(error) from None

    @property
    def dropped(self) -> bool:
        """Whether an idle connection can carry no other request."""
        return not is_idle(self._socket)

    def close(self) -> None:
        """Close it; it may be closed twice."""
        self._socket.close()


def _encrypted(plain: socket.socket, host: str) -> socket.socket:
    import ssl  # noqa: PLC0415  local endpoints have no TLS

    try:
        return tls_context().wrap_socket(plain, server_hostname=host)
    except BaseException as error:
        plain.close()
        if isinstance(error, ssl.SSLError):
            raise HttpFailed("its certificate or TLS was rejected") from None
        raise


@cache
def tls_context() -> ssl.SSLContext:
    """Return this process's settings of TLS: the system's authorities, or those of ``AWS_CA_BUNDLE``."""
    import ssl  # noqa: PLC0415  as above

    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    context.set_alpn_protocols(["http/1.1"])
    return context
