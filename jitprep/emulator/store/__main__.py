"""The process of the S3 inside: `python -m jitprep.emulator.store [ACCOUNT [REGION]]`.

moto has one state per process and patches botocore. In its own process, endpoints share nothing, and
importing the endpoint does not affect its user. The process prints its port, and ends when its
standard input closes, even if its parent was killed.
"""

from __future__ import annotations

import http.client
import logging
import sys
import threading

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from jitprep.emulator.store.application import StoreApplication

# Headers that http.server accepts instead of its default 100: as many as S3's metadata may have.
_MOST_HEADERS = 2048


def main(account: str = "123456789012", region: str = "us-east-1") -> None:
    """Serve until standard input closes."""
    # The server writes head and body separately. With Nagle's algorithm each response takes 40 ms.
    MotoRequestHandler.disable_nagle_algorithm = True
    http.client._MAXHEADERS = _MOST_HEADERS  # type: ignore[attr-defined]  # no other way before 3.15
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(
        "127.0.0.1",
        0,
        StoreApplication(account, region),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()  # the serving thread is a daemon, and ends with this one


if __name__ == "__main__":
    main(*sys.argv[1:])
