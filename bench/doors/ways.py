"""The ways to read many photographs through one function with plain boto3."""

from __future__ import annotations

import base64
import json
import urllib.request
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitprep.emulator.testing import LocalObjectLambda
    from preprocessing.media import Array


@dataclass(frozen=True)
class Way:
    """One way to read them.

    Parameters
    ----------
    name : str
    read : callable
        Reads all photographs and returns their rows.
    invocations : int
        How often the function is invoked.
    single : bool
        Whether each photograph is one invocation.
    """

    name: str
    read: Callable[[], Array]
    invocations: int
    single: bool = False


class Reader:
    """Reads the same photographs through the same pipeline.

    Parameters
    ----------
    local : LocalObjectLambda
        The endpoint.
    bucket : str
    keys : sequence of str
    spec : str
        The pipeline, of fixed shape and encoded as npy.
    """

    def __init__(
        self, local: LocalObjectLambda, bucket: str, keys: Sequence[str], spec: str
    ) -> None:
        self._s3, self._lambda = local.client("s3"), local.client("lambda")
        self._bucket, self._keys, self._spec = bucket, keys, spec
        name = "".join(letter if letter.isalnum() else "-" for letter in spec)
        payload = json.dumps({"spec": spec})
        self._alias = local.create_access_point(name, bucket, payload=payload)

    def ways(self) -> Sequence[Way]:
        """Return the ways; in several batches if one answer cannot hold all rows."""
        count = len(self._keys)
        aside = self._invoke(keys=self._keys)["statusCode"] == 307
        whole = f"one batch of {count}" + (", put aside and fetched" if aside else "")
        halves = Way(
            f"Invoke, two batches of {count // 2}", lambda: self._in_batches(count // 2), 2
        )
        return (
            Way("GetObject, each through an access point", self._by_get_object, count, single=True),
            Way("Invoke, each by itself", self._one_by_one, count, single=True),
            *([halves] if aside else []),
            Way(f"Invoke, {whole}", lambda: self._in_batches(count), 1),
        )

    def _by_get_object(self) -> Array:
        read = (self._s3.get_object(Bucket=self._alias, Key=key) for key in self._keys)
        return np.stack([_load(one["Body"].read()) for one in read])

    def _one_by_one(self) -> Array:
        return np.stack([self._rows(key=key) for key in self._keys])

    def _in_batches(self, size: int) -> Array:
        starts = range(0, len(self._keys), size)
        return np.concatenate([self._rows(keys=self._keys[i : i + size]) for i in starts])

    def _rows(self, **which: Any) -> Array:
        answer = self._invoke(**which)
        if answer["statusCode"] == 307:
            with urllib.request.urlopen(answer["headers"]["Location"]) as response:  # noqa: S310
                return _load(response.read())
        return _load(base64.b64decode(answer["body"]))

    def _invoke(self, **which: Any) -> Any:
        event = {"bucket": self._bucket, "spec": self._spec, **which}
        called = self._lambda.invoke(FunctionName="preprocess", Payload=json.dumps(event))
        return json.load(called["Payload"])


def _load(body: bytes) -> Array:
    return np.load(BytesIO(body), allow_pickle=False)
