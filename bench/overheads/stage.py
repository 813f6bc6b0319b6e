"""Remotes as processes of their own on this machine, and the objects that they and this process read."""

from __future__ import annotations

import io
import json
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import photos
from bench.doors.counting import Counts
from bench.doors.serving import mount_toml
from bench.doors.shards import packed
from bench.train import samples
from bench.train.remotes import running
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline

if TYPE_CHECKING:
    from preprocessing.media import Array

_PRESETS = Path(__file__).with_name("presets.toml")
# Of results, from the same photographs; and of photographs.
RESULTS, ORIGINALS = ("uint8", "float32"), ("small", "large")
_LARGE = (750, 1000)
# Beside photographs of one size, and the copies of results, each bucket has the shard of them.
SHARD = "shard.tar"
_BUCKETS = (*ORIGINALS, *(f"copies-{size}" for size in RESULTS))
# Metrics as the template for AWS configures them.
_VARIABLES = {
    "JITPREP_PRESETS": str(_PRESETS),
    "JITPREP_METRICS": "jitprep",
    **{f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")},
}
_SETTLES_S = 0.2


@dataclass(frozen=True)
class Remote:
    """A process that makes samples.

    Parameters
    ----------
    url : str
    log : Path
        What it writes.
    counts : Counts
    """

    url: str
    log: Path
    counts: Counts

    @cached_property
    def _worker(self) -> int:
        return self.counts.worker()

    def beside_s(self) -> float:
        """Return the CPU seconds of its worker so far, less those of its transforms."""
        return self.counts.beside_s(self._worker)

    def logged(self) -> int:
        """Return the bytes of its log lines so far, once they are written."""
        time.sleep(_SETTLES_S)
        lines = (
            line[line.find(b"{") :] for line in self.log.read_bytes().splitlines(keepends=True)
        )
        return sum(len(line) for line in lines if line.startswith(b"{"))


@dataclass(frozen=True)
class Stage:
    """All that is read.

    Parameters
    ----------
    server, function, streamed : Remote
        A server; and functions that buffer and that stream, each behind an endpoint of its own. The S3
        of `function` has the objects.
    folder : Path
        Has a folder of copies for each size of result.
    bodies : mapping of str to mapping of str to bytes
        By bucket and key.
    shard : int
        Samples of a shard.
    pipelines : mapping of str to Pipeline
    access_points : mapping of str to str
        Alias of the access point of each preset.
    """

    server: Remote
    function: Remote
    streamed: Remote
    folder: Path
    bodies: Mapping[str, Mapping[str, bytes]]
    shard: int
    pipelines: Mapping[str, Pipeline]
    access_points: Mapping[str, str]

    def nbytes(self, bucket: str) -> float:
        """Return the mean size of a bucket's objects."""
        sizes = [len(body) for body in self.bodies[bucket].values()]
        return sum(sizes) / len(sizes)

    @cached_property
    def expected(self) -> Mapping[str, Array]:
        """The results of the small photographs, by size of result."""
        originals = list(self.bodies["small"].values())
        return {size: self.pipelines[size].batch(originals) for size in RESULTS}


@contextmanager
def stage(folder: Path, count: int, shard: int) -> Iterator[Stage]:
    """Run the remotes, with one worker each, and store so many photographs and shards of so many."""
    presets = tomllib.loads(_PRESETS.read_text())["presets"]
    pipelines = {size: Pipeline.parse(presets[size]) for size in RESULTS}
    bodies = _bodies(pipelines, count)
    buckets = [f"--bucket={name}" for name in _BUCKETS]
    up = ("up", "--port=0", "--workers=1", "--override=pipeline", "--override=seed", *buckets)
    with ExitStack() as stack:

        def run(name: str, command: Sequence[str]) -> Remote:
            log, counts = folder / f"{name}.log", Counts.new(folder / f"{name}-counts")
            variables = _VARIABLES | counts.variables
            return Remote(stack.enter_context(running(command, log, variables)), log, counts)

        function = run("function", up)
        aside = (f"--s3={function.url}", "--invoke-mode=RESPONSE_STREAM")
        streamed = run("streamed", (*up, *aside))
        config = folder / "jitprep.toml"
        mounts = (mount_toml(name, "s3://small", name, function.url) for name in presets)
        config.write_text("".join(mounts))
        serve = ("serve", f"--config={config}", "--host=127.0.0.1", "--port=0")
        server = run("server", serve)
        local = LocalObjectLambda(RunningEndpoint(function.url))
        _store(local.client("s3"), folder, bodies, shard)
        aliases = {
            name: local.create_access_point(name, "small", payload=json.dumps({"pipeline": name}))
            for name in presets
        }
        yield Stage(server, function, streamed, folder, bodies, shard, pipelines, aliases)


def _bodies(pipelines: Mapping[str, Pipeline], count: int) -> Mapping[str, Mapping[str, bytes]]:
    small = dict(list(samples.bodies().items())[:count])
    large = dict.fromkeys(small, photos.mosaic(*_LARGE))
    copies = {
        f"copies-{size}": {
            key.replace(".jpg", ".npy"): bytes(pipeline.encode(body).body)
            for key, body in small.items()
        }
        for size, pipeline in pipelines.items()
    }
    return {"small": small, "large": large, **copies}


def _store(s3: Any, folder: Path, bodies: Mapping[str, Mapping[str, bytes]], shard: int) -> None:
    for bucket, objects in bodies.items():
        for key, body in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        extension = next(iter(objects)).rpartition(".")[2]
        whole = packed(list(objects.values()), shard, extension)
        s3.upload_fileobj(io.BytesIO(whole), bucket, SHARD)
        if extension == "npy":
            (folder / bucket).mkdir()
            for key, body in objects.items():
                (folder / bucket / key).write_bytes(body)
