"""``jitprep serve`` over the photographs of the stage: in a folder, and in its bucket."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.jitprep.server.running import Running, eventually

from .invocations import BARRIER
from .matrix import DEPENDS, FIXED, LARGE, Call
from .reading import Drivers, Run
from .stage import BUCKET, originals

DOMAIN = "data.localhost"
MANY = 2_500
FOLDERS = ("few", "sound", "text", "video")
SHORT = {FIXED: "fixed", DEPENDS: "depends", LARGE: "large"}
_FIRST_PHOTO = "few/retina.jpg"
# As in the drivers' environment.
KEYS = {"CLIENT_ID": "test", "CLIENT_SECRET": "test"}


@dataclass(frozen=True)
class Served:
    """One line of the server's log.

    Parameters
    ----------
    mount
        The mount.
    key
        The object's key; None for LIST.
    transformed
        Whether a result was made, and not taken from the cache.
    """

    mount: str
    key: str | None
    transformed: bool


class ServerStage:
    """The server, and the clients on it.

    Parameters
    ----------
    running
        The server, which reads `lay`'s configuration.
    folder
        The folder with the photographs.
    drivers
        The clients.
    """

    def __init__(self, running: Running, folder: Path, drivers: Drivers) -> None:
        self._running, self._folder, self._drivers = running, folder, drivers

    def job(self, mount: str, folder: str, **changed: str) -> dict[str, Any]:
        """Return the job of reading a folder of a mount."""
        return {
            "endpoint": self._running.url,
            "bucket": mount,
            "prefix": f"{folder}/",
            "keys": list(originals(folder)) if folder in FOLDERS else [],
            "table": f"tables/{folder}.csv",
            **changed,
        }

    def run(
        self, call: Call, jobs: Sequence[Mapping[str, Any]], scratch: Path
    ) -> tuple[Run, list[Served]]:
        """Let a client do jobs on files that the server has not read yet.

        Returns the outcome and what the server logged, which is what it counts in its metrics.
        """
        for path in self._folder.rglob("*.jpg"):
            os.utime(path)  # a new version: nothing of it is cached
        self._settle()
        start, counted = len(self._lines()), self._counted()
        done = self._drivers.run(call, jobs, scratch)
        self._settle()
        served = [line for line in map(_parse, self._lines()[start:]) if line.key != BARRIER]
        made = sum(line.transformed for line in served)
        grown = [after - before for before, after in zip(counted, self._counted(), strict=True)]
        assert grown == [len(served) + 1, made], (served, grown)
        return done, served

    @property
    def url(self) -> str:
        return self._running.url

    @property
    def virtual(self) -> dict[str, str]:
        """The endpoint whose subdomains are mounts, and a proxy through which they resolve."""
        return {"endpoint": f"http://{DOMAIN}:{self._running.port}", "proxy": self._running.url}

    def _settle(self) -> None:
        """Wait until the server has logged what it answered: it answers first."""
        start = len(self._lines())
        self._running.ask(f"/open-fixed/{BARRIER}", "HEAD")
        eventually(lambda: any(BARRIER in line for line in self._lines()[start:]))
        eventually(lambda: self._running.metric("jitprep_requests_under_way") <= 1)

    def _lines(self) -> list[str]:
        return self._running.log_file.read_text().splitlines()

    def _counted(self) -> tuple[float, float]:
        """Return the numbers of requests and of transforms in the metrics."""
        metric = self._running.metric
        return metric("jitprep_requests_total"), metric("jitprep_cache_total", outcome="miss")


def lay(folder: Path, store_url: str) -> Path:
    """Write the photographs and the configuration, and return the configuration's path."""
    files = folder / "files"
    for name in FOLDERS:
        for key, body in originals(name).items():
            (files / key).parent.mkdir(parents=True, exist_ok=True)
            (files / key).write_bytes(body)
        table = "\n".join(("label,key", *(f'0,"{key}"' for key in originals(name))))
        (files / f"{name}.csv").write_text(table)
    (files / BARRIER).write_bytes(originals("few")[_FIRST_PHOTO])
    (files / "many").mkdir()
    for number in range(MANY):
        (files / f"many/{number:04}.jpg").write_bytes(b"not read")
    store = {
        "source": f"s3://{BUCKET}",
        "endpoint": store_url,
        "region": "us-east-1",
        "access_key_id": "env:CLIENT_ID",
        "secret_access_key": "env:CLIENT_SECRET",
    }
    local = {"source": str(files)}
    mounts: dict[str, dict[str, Any]] = {"tables": local | {"pipeline": "nfc/text"}}
    for pipeline, short in SHORT.items():
        mounts[f"folder-{short}"] = local | {"pipeline": pipeline}
        mounts[f"bucket-{short}"] = store | {"pipeline": pipeline}
        mounts[f"open-{short}"] = local | {"pipeline": pipeline, "anonymous": True}
    key = {"access_key_id": "env:CLIENT_ID", "secret_access_key": "env:CLIENT_SECRET"}
    path = folder / "jitprep.toml"
    tables = [("keys.clients", key | {"mounts": ["*"]})]
    tables += [(f"mounts.{name}", table) for name, table in mounts.items()]
    path.write_text(f'domain = "{DOMAIN}"\n' + "\n".join(_toml(*table) for table in tables))
    return path


def per_served_object(
    served: Sequence[Served], mount: str, keys: Sequence[str]
) -> tuple[dict[str, int], int]:
    """Return the requests per object, and in total for LIST, and the transforms per object.

    Raises
    ------
    AssertionError
        If objects differ in it.
    """
    of_mount = [line for line in served if line.mount == mount]
    asked = Counter(line.key for line in of_mount)
    made = Counter(line.key for line in of_mount if line.transformed)
    assert set(asked) <= {*keys, None}, asked
    (requests,), (transforms,) = ({count[key] for key in keys} for count in (asked, made))
    return {"object": requests, "LIST": asked[None]}, transforms


def _parse(line: str) -> Served:
    fields = json.loads(line)
    key = fields.get("key")
    return Served(fields.get("mount", ""), key, key is not None and "transform" in fields["ms"])


def _toml(name: str, table: Mapping[str, Any]) -> str:
    # JSON's values are TOML's.
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
