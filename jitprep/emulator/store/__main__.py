"""The process that runs the S3 inside: `python -m jitprep.emulator.store [ACCOUNT [REGION]]`.

moto keeps one state for each process and hooks itself into botocore, so it has a process of its
own: endpoints share nothing, and importing the endpoint changes nothing for its user. It writes
its port and ends when its standard input does, also where its parent was killed.
"""

from __future__ import annotations

import http.client
import logging
import sys
import threading

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from jitprep.emulator.store.application import Store

# Of headers that http.server reads, whose own limit is 100. As many one-letter names as S3 takes.
_MOST_HEADERS = 2048


def main(account: str = "123456789012", region: str = "us-east-1") -> None:
    """Serve until standard input ends."""
    # It writes head and body apart; without this each answer waits 40 ms for the client's ACK.
    MotoRequestHandler.disable_nagle_algorithm = True
    http.client._MAXHEADERS = _MOST_HEADERS  # type: ignore[attr-defined]  # no other way before 3.15
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(
        "127.0.0.1", 0, Store(account, region), threaded=True, request_handler=MotoRequestHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()  # what serves is a daemon thread and ends with this one


if __name__ == "__main__":
    main(*sys.argv[1:])
