"""``python -m bench.doors.start IMAGE [IMAGE ...]``: how long the images take until the first event.

Each image starts behind the Runtime Interface Emulator several times, in turn; INIT is the duration that
the emulator reports. Its least and its median are printed, and the processor time of the same imports,
which other work on the machine hardly changes. It needs Docker.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import time
import urllib.error
import urllib.request
from statistics import median

_ROUNDS = 10
_REPORTED = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_IMPORTS = "import awslambdaric.__main__, handler.app, time; print(time.process_time() * 1000)"
# Nothing listens there: the first event is answered with an error.
_ENDPOINT = "AWS_ENDPOINT_URL=http://127.0.0.1:1"
_ENVIRONMENT = ("-e", _ENDPOINT, "-e", "AWS_REGION=us-east-1")


def main() -> None:
    """Print the times of each image in ms."""
    parser = argparse.ArgumentParser(prog="python -m bench.doors.start", description=__doc__)
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="such as jitprep:latest")
    images: list[str] = parser.parse_args().images
    starts: dict[str, list[float]] = {image: [] for image in images}
    imports: dict[str, list[float]] = {image: [] for image in images}
    for _ in range(_ROUNDS):
        for image in images:
            starts[image].append(_start(image))
            run = ("run", "--rm", *_ENVIRONMENT, "--entrypoint", "python", image, "-c", _IMPORTS)
            imports[image].append(float(_docker(*run)))
    for image in images:
        print(
            f"{image}: INIT least {min(starts[image]):.0f}, median {median(starts[image]):.0f} ms; "
            f"CPU of the imports least {min(imports[image]):.0f}, median {median(imports[image]):.0f} ms"
        )


def _start(image: str) -> float:
    """Return the INIT duration of one container in ms."""
    container = _docker("run", "-d", "-p", "127.0.0.1::8080", *_ENVIRONMENT, image)
    try:
        port = _docker("port", container, "8080").rpartition(":")[2]
        for _ in range(600):
            _invoke(int(port))
            logged = subprocess.run(
                ["docker", "logs", container], capture_output=True, text=True, check=True
            )
            if found := _REPORTED.search(logged.stdout + logged.stderr):
                return float(found[1])
            time.sleep(0.1)
        raise RuntimeError(f"{image} did not start")
    finally:
        _docker("rm", "-f", container)


def _invoke(port: int) -> None:
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    try:
        with urllib.request.urlopen(url, b"{}", timeout=60) as answer:
            answer.read()
    except (OSError, urllib.error.URLError):  # it does not listen yet
        time.sleep(0.1)


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
