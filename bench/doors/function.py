"""What the function costs beside the transform, through each of its doors.

One worker, as Lambda would run it, answers the same photographs through every door, in turn. What counts
is the processor time of its process alone, the runtime's client included; that of the transform, in this
process, is subtracted. Waiting takes no processor time.
"""

from __future__ import annotations

import http.client
import time
from functools import partial
from io import StringIO
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bench import photos
from bench.doors.cpu_time import cpu_s, in_rounds
from bench.doors.invoke import COUNT, SPECS, worker_pid
from bench.doors.ways import Reader
from bench.environment import ROOT
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from jitprep.sigv4.signing import SigningCredentials, sign
from preprocessing import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The second pipeline's rows fit into one answer.
_ROWS, _SPEC = 31, SPECS[1]
_WARM = 3
_TRANSFORM = "the transform"


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return the milliseconds per photograph of each door, and those beside the transform.

    Parameters
    ----------
    rounds : int
        Interleaved; of each door the least and the median count.
    """
    bodies = [photos.small(photos.SMALL[i % len(photos.SMALL)]) for i in range(COUNT)][:_ROWS]
    config = EndpointConfig(
        port=0,
        workers=1,
        task_root=ROOT,
        worker_env={
            "JITPREP_BUCKETS": "photos",
            "JITPREP_PRESETS": str(ROOT / "bench/doors/presets.toml"),
            "OPENBLAS_NUM_THREADS": "1",
        },
        output=StringIO(),
    )
    with Endpoint(config) as endpoint:
        local = LocalObjectLambda(endpoint)
        s3 = local.client("s3")
        s3.create_bucket(Bucket="photos")
        keys = [f"{number:02}.jpg" for number in range(len(bodies))]
        for key, body in zip(keys, bodies, strict=True):
            s3.put_object(Bucket="photos", Key=key, Body=body)
        return _measured(_doors(local, keys), bodies, rounds)


def _doors(local: LocalObjectLambda, keys: Sequence[str]) -> dict[str, Callable[[], Any]]:
    """Return what reads all photographs once through each door."""
    ways = {way.name: way.read for way in Reader(local, "photos", keys, _SPEC).ways()}
    base = local.function_url().rstrip("/")
    client = http.client.HTTPConnection(urlsplit(base).netloc)
    keys_of_ours = SigningCredentials("test", "test")

    def read_by_url() -> None:
        for key in keys:
            url = f"{base}/photos/{key}"
            headers = sign("GET", url, {}, keys_of_ours, "us-east-1", "lambda")
            client.request("GET", urlsplit(url).path, headers=headers)
            response = client.getresponse()
            if response.status != 200:
                raise RuntimeError(f"{key}: {response.status}")
            response.read()

    names = ("GetObject through Object Lambda", "Invoke", "a row of a batch Invoke")
    return {**dict(zip(names, ways.values(), strict=True)), "Function URL": read_by_url}


def _measured(
    doors: dict[str, Callable[[], Any]], bodies: Sequence[bytes], rounds: int
) -> dict[str, dict[str, float]]:
    pipeline = Pipeline.parse(_SPEC)
    ways = {_TRANSFORM: lambda: [pipeline.encode(body) for body in bodies], **doors}
    clocks = dict.fromkeys(doors, partial(cpu_s, worker_pid())) | {_TRANSFORM: time.process_time}
    spent = in_rounds(ways, clocks, rounds, len(bodies), warm=_WARM)
    least, middle = min(spent[_TRANSFORM]), median(spent[_TRANSFORM])
    return {
        name: {
            "ms": round(median(times), 3),
            "least": round(min(times), 3),
            "beside": round(median(times) - middle, 3),
            "least_beside": round(min(times) - least, 3),
        }
        for name, times in spent.items()
    }
