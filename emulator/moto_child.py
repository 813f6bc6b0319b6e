"""The process that runs moto's server: `python -m emulator.moto_child`.

moto keeps one state for each process and hooks itself into botocore, so it has a process of its
own: endpoints share nothing, and importing the endpoint changes nothing for its user. It writes
its port and ends when its standard input does, also where its parent was killed.
"""

from __future__ import annotations

import logging
import sys

from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.server import ThreadedMotoServer


def main() -> None:
    """Serve until standard input ends."""
    # It writes head and body apart; without this each answer waits 40 ms for the client's ACK.
    MotoRequestHandler.disable_nagle_algorithm = True
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()  # what serves is a daemon thread and ends with this one


if __name__ == "__main__":
    main()
