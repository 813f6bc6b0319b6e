"""The function itself, by Lambda's Invoke: many objects in one call, where their pipeline lets them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from preprocessing import Pipeline
from reader import aws, listing, web
from reader.base import Array, Reader
from reader.decode import Answer, decode
from reader.errors import ReadError, Refused, Unavailable, Undecodable, failure
from reader.retry import patiently

# Of Lambda's 6 MB, after base64; with room for what an answer says beside its body.
_ROOM = (6 * 2**20 - 2**17) // 4 * 3
_MOST_KEYS = 1000  # that the function takes at once
_STACKED = {"npy", "safetensors"}  # the encodings of which the function makes one body of many
_METADATA = "x-amz-meta-"
# That of a function's URL: their events have paths as they are sent.
_DOMAIN = "none.lambda-url.none.on.aws"
# Errors of the function's process, and not of its code: the next one may do better.
_OF_THE_PROCESS = ("Runtime.", "Sandbox.", "Extension.", "Lambda.")


@dataclass(eq=False, slots=True)
class Learned:
    """What a reader learns of answers, where it does not know the pipeline.

    Parameters
    ----------
    row_bytes : int, optional
        The size of one object's samples.
    stacks : bool
        Whether the function makes one body of many.
    """

    row_bytes: int | None = None
    stacks: bool = True


@dataclass(frozen=True, kw_only=True)
class FunctionReader(Reader):
    """Invoke, by boto3.

    Parameters
    ----------
    name : str
        The function's name or ARN.
    bucket : str
        What the function calls the bucket.
    endpoint_url : str, optional
        None for what AWS's configuration says.
    pipeline : Pipeline, optional
        What the function is to run.
    preset : str, optional
        Or by the name that the function knows; None for its default.
    """

    name: str
    bucket: str
    endpoint_url: str | None
    pipeline: Pipeline | None
    preset: str | None
    _learned: Learned = field(default_factory=Learned, repr=False, compare=False)

    def get(self, key: str) -> Array:
        """Read one object."""
        return decode(patiently(partial(self._get, key)), key)

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects, as many in one call as its answer has room for.

        What of them is `Unavailable` is then tried one by one.
        """
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2 or not self._stacks:
            return super().get_each(wanted)
        most = self._most(len(wanted))
        parts = [wanted[start : start + most] for start in range(0, len(wanted), most)]
        read: dict[str, Array | ReadError] = {}
        with ThreadPoolExecutor(min(self.threads, len(parts))) as pool:
            for rows in pool.map(self._rows, parts):
                read |= rows
        again = [key for key in wanted if isinstance(read[key], Unavailable)]
        return read | super().get_each(again)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time.

        Invoke has no event of its own for that: the function is asked as its Function URL would ask it.
        """
        return listing.keys(lambda query: patiently(partial(self._list, query)), prefix)

    @property
    def _stacks(self) -> bool:
        """Whether the function can make one body of many objects, as far as it is known here."""
        pipeline = self.pipeline
        if pipeline is None:
            return self._learned.stacks
        return pipeline.encoding.name in _STACKED and None not in pipeline.output.shape

    def _most(self, wanted: int) -> int:
        nbytes = self._learned.row_bytes
        if self.pipeline is not None:
            nbytes = self.pipeline.output.nbytes
        return min(max(_ROOM // nbytes, 1) if nbytes else wanted, _MOST_KEYS)

    def _rows(self, keys: Sequence[str]) -> dict[str, Array | ReadError]:
        try:
            answer = patiently(partial(self._invoke, {"keys": list(keys), **self._choice}, None))
            return self._unstacked(keys, answer)
        except ReadError as error:
            if error.code == "InvalidPipeline" and self.pipeline is None:
                self._learned.stacks = False  # as it seems; of one object it will say what is wrong
                return super().get_each(keys)
            if error.status != 413 or len(keys) == 1:
                return dict.fromkeys(keys, error)
        half = len(keys) // 2
        return {**self._rows(keys[:half]), **self._rows(keys[half:])}

    def _unstacked(
        self, keys: Sequence[str], answer: Mapping[str, Any]
    ) -> dict[str, Array | ReadError]:
        read: dict[str, Array | ReadError] = {
            told["key"]: failure(
                told["statusCode"], told["errorCode"], told["errorMessage"], told["key"]
            )
            for told in answer.get("errors", ())
        }
        if answer.get("keys"):
            stack = decode(self._object(answer, None))
            self._learned.row_bytes = max(stack[0].nbytes, 1)
            read |= zip(answer["keys"], stack, strict=True)
        if read.keys() != set(keys):
            raise Undecodable("the function's answer is not about the keys that it was asked for")
        return read

    def _get(self, key: str) -> Answer:
        return self._object(self._invoke({"key": key, **self._choice}, key), key)

    @property
    def _choice(self) -> Mapping[str, Any]:
        chosen: dict[str, Any] = {"bucket": self.bucket}
        if self.pipeline is not None:
            chosen["spec"] = str(self.pipeline)
        elif self.preset is not None:
            chosen["pipeline"] = self.preset
        return chosen | ({"seed": self.seed} if self.seed else {})

    def _object(self, answer: Mapping[str, Any], key: str | None) -> Answer:
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        if answer["statusCode"] == 307:  # too large for Lambda: put aside
            tls = not self._client.meta.endpoint_url.startswith("http:")
            body = web.fetch(headers.get("location", ""), key, self.threads, tls=tls)
        else:
            body = bytearray(base64.b64decode(answer["body"]))
        metadata = {
            name.removeprefix(_METADATA): value
            for name, value in headers.items()
            if name.startswith(_METADATA)
        }
        return Answer(body, headers.get("content-type"), metadata)

    def _list(self, query: Mapping[str, str]) -> bytes:
        path = f"/{quote(self.bucket)}"
        answer = self._call(
            {
                "version": "2.0",
                "rawPath": path,
                "rawQueryString": urlencode(query, quote_via=quote),
                "headers": {},
                "requestContext": {
                    "domainName": _DOMAIN,
                    "http": {"method": "GET", "path": path},
                },
                "isBase64Encoded": False,
            },
            None,
        )
        body: str = answer["body"]
        xml = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        if answer["statusCode"] != 200:
            raise failure(answer["statusCode"], *web.told(xml))
        return xml

    def _invoke(self, event: Mapping[str, Any], key: str | None) -> Mapping[str, Any]:
        """Return the function's answer to an event of one object or of many."""
        answer = self._call(event, key)
        status = answer["statusCode"]
        if status not in {200, 307}:
            raise failure(
                status, answer.get("errorCode", "Unknown"), answer.get("errorMessage", ""), key
            )
        return answer

    def _call(self, event: Mapping[str, Any], key: str | None) -> Mapping[str, Any]:
        with aws.told_of(key):
            told = self._client.invoke(FunctionName=self.name, Payload=json.dumps(event))
            payload = told["Payload"].read()
        answer = json.loads(payload)
        if "FunctionError" in told:
            kind = str(answer.get("errorType"))
            failed = Unavailable if kind.startswith(_OF_THE_PROCESS) else Refused
            raise failed(str(answer.get("errorMessage")), key=key, code=kind)
        if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
            raise Undecodable("the function's answer has no statusCode: is it jitprep's?", key=key)
        return answer

    @property
    def _client(self) -> Any:
        return aws.client(aws.Client("lambda", None, self.endpoint_url, self.threads))
