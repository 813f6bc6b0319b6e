"""The sockets that an endpoint listens on."""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
import sys

from jitprep.emulator.config import EndpointConfig, EndpointError

_BRIDGE = b"docker0"
_SIOCGIFADDR = 0x8915
_BACKLOG = 2048
# A wildcard address, and the address at which clients on this machine reach it.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def listen(config: EndpointConfig) -> list[socket.socket]:
    """Open an endpoint's sockets, all on one port; that of its own host comes first.

    Raises
    ------
    EndpointError
        If an address cannot be listened on.
    """
    hosts = list(dict.fromkeys([config.host, *config.extra_hosts]))
    bridge = bridge_address() if config.containers else None
    if bridge is not None and bridge not in hosts and not _ANY.keys() & set(hosts):
        hosts.append(bridge)
    sockets: list[socket.socket] = []
    port = config.port
    try:
        for host in hosts:
            sockets.append(_open(host, port))
            port = sockets[0].getsockname()[1]
    except EndpointError:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def url_of(sock: socket.socket) -> str:
    """Return the URL at which a client on this machine reaches ``sock``."""
    host, port = sock.getsockname()[:2]
    host = _ANY.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def bridge_address() -> str | None:
    """Return the address of Docker's default bridge, at which containers reach this machine."""
    if not sys.platform.startswith("linux"):
        return None  # Docker runs in a virtual machine, and has host.docker.internal
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", _BRIDGE))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def open_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    The protocol is TCP by name, unlike that of `socket.create_server`: only then does asyncio disable
    Nagle's algorithm, which would delay a response by 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _open(host: str, port: int) -> socket.socket:
    try:
        return open_socket(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise EndpointError(
                f"Port {port} on {host} is in use, perhaps by another endpoint. "
                "Stop that process, or choose another port (0 takes any free port)."
            ) from error
        raise EndpointError(f"Cannot listen on {host}, port {port}: {error}.") from error
