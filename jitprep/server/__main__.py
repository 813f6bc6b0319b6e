"""``jitprep serve``: read the configuration, make the sockets, and keep the workers running."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from jitprep.server.configuration.folder_config import folder_config, mount_name
from jitprep.service.http.listening import listening_socket
from jitprep.service.settings import FILE_VARIABLE, find_config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. A wrong configuration is one line, and exit status 2."""
    asked = _parser().parse_args(arguments)
    # Until the workers run. As a container's first process it would ignore the signal otherwise.
    # One that comes while the folder is made waits until it can be deleted.
    came: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    with tempfile.TemporaryDirectory(prefix="jitprep-") as folder:
        signal.signal(signal.SIGTERM, lambda number, _: _end(number, folder))
        if came:
            _end(came[0], folder)
        try:
            return _run(asked, Path(folder))
        except ValueError as error:
            sys.stderr.write(f"error: {_in_terms_of(asked, str(error))}\n")
        except ModuleNotFoundError as error:
            sys.stderr.write(
                f"error: jitprep serve needs {error.name}, which is not installed: "
                "pip install 'jitprep[server]'\n"
            )
        return 2


def _end(number: int, folder: str) -> NoReturn:
    """End at once. An exception might come within an import, which may turn it into another."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jitprep serve",
        description="Serve objects, transformed as they are read, by S3's read API.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        help="a local folder to serve without a configuration, to this machine only",
    )
    parser.add_argument(
        "--pipeline", help="the folder's pipeline: a preset, or steps as in resize:256/npy"
    )
    parser.add_argument(
        "--config",
        type=Path,
        help="the configuration (JITPREP_CONFIG, ./jitprep.toml, or /etc/jitprep.toml)",
    )
    parser.add_argument("--host", help="address to listen on (0.0.0.0; 127.0.0.1 for a folder)")
    parser.add_argument(
        "--port", type=int, default=8080, help="port to listen on; 0 takes a free one (8080)"
    )
    parser.add_argument(
        "--play",
        action="store_true",
        help="also serve the page of jitprep play at /_play, by one worker; its printed URL lets "
        "anyone who has it read all mounts, the originals too",
    )
    parser.add_argument(
        "--check", action="store_true", help="check the configuration, print the mounts, and end"
    )
    return parser


def _run(asked: argparse.Namespace, folder: Path) -> int:
    if asked.folder is not None:
        if asked.config is not None or asked.host is not None:
            option = "--config" if asked.config is not None else "--host"
            raise ValueError(
                f"{option} is not for a folder, which is served to this machine only and without a key; "
                "to serve it to others, write a mount in jitprep.toml"
            )
        path = folder_config(Path(asked.folder), asked.pipeline, folder)
        host = "127.0.0.1"
    else:
        if asked.pipeline is not None:
            raise ValueError(
                "--pipeline is for a folder: jitprep serve FOLDER --pipeline PIPELINE; a mount in "
                "jitprep.toml has its own"
            )
        path, host = _config_path(asked.config), asked.host or "0.0.0.0"  # noqa: S104  # as asked
    os.environ[FILE_VARIABLE] = str(path)
    if asked.play:
        os.environ["JITPREP_PLAY"] = "true"
    from jitprep.server import supervisor  # noqa: PLC0415  # reads the configuration

    if asked.check:
        return supervisor.check()
    with listening_socket(host, asked.port) as sock:
        return supervisor.run_workers(sock, folder)


def _config_path(given: Path | None) -> Path:
    if given is not None:
        return given
    if (found := find_config()) is not None:
        return found
    raise ValueError(
        "there is no jitprep.toml here or in /etc; name one with --config, or serve a folder: "
        "jitprep serve FOLDER --pipeline imagenet-uint8"
    )


def _in_terms_of(asked: argparse.Namespace, message: str) -> str:
    """Return a message about what options set in words of the command line."""
    if asked.play:
        message = message.replace("JITPREP_PLAY", "--play")
    if asked.folder is None:
        return message
    return message.replace(f"mounts.{mount_name(Path(asked.folder))}.pipeline", "--pipeline")


if __name__ == "__main__":
    sys.exit(main())
