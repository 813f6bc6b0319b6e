"""Reader by Lambda's Invoke: many objects per call, where results of the pipeline can be stacked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from jitprep.reader.base import Reader
from jitprep.reader.decode import ReadResult, decode
from jitprep.reader.doors.invoke_response import InvokeResult, parse_response
from jitprep.reader.errors import ReadError, Unavailable, Undecodable
from jitprep.reader.transport import aws, listing, web
from jitprep.reader.transport.retry import with_retries
from jitprep.service.lambda_limits import max_body_bytes
from preprocessing import Pipeline
from preprocessing.media import Array

_MOST_KEYS = 1000  # the function's limit for one event
# A response also lists the key and ETag of each object, about 128 bytes per object.
_MAX_BATCH_BYTES = max_body_bytes(overhead=128 * _MOST_KEYS)
# Domain of a Function URL, whose events have the path as it was sent.
_DOMAIN = "none.lambda-url.none.on.aws"


@dataclass(eq=False, slots=True)
class Learned:
    """What a reader without a pipeline learns from responses.

    Parameters
    ----------
    row_bytes : int, optional
        Size of one object's result.
    stacks : bool
        Whether the function can stack results.
    """

    row_bytes: int | None = None
    stacks: bool = True


@dataclass(frozen=True, kw_only=True)
class FunctionReader(Reader):
    """Reader by Invoke, with boto3.

    Parameters
    ----------
    name : str
        The function's name or ARN.
    bucket : str
        The function's name for the bucket.
    region, endpoint_url : str, optional
        None for AWS's configuration.
    pipeline : Pipeline, optional
        Pipeline to run.
    preset : str, optional
        Preset to run, in place of a pipeline; None for the function's default.
    """

    name: str
    bucket: str
    region: str | None
    endpoint_url: str | None
    pipeline: Pipeline | None
    preset: str | None
    _learned: Learned = field(default_factory=Learned, repr=False, compare=False)

    @property
    def draws(self) -> bool | None:
        """Whether a seed may change results; None where only the function knows."""
        return None if self.pipeline is None else self.pipeline.random

    def get(self, key: str) -> Array:
        """Read one object."""
        return decode(with_retries(partial(self._get, key)), key)

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects, as many per call as fit into one response."""
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2 or not self._stacks:
            return super().get_each(wanted)
        most = self._most(len(wanted))
        parts = [wanted[start : start + most] for start in range(0, len(wanted), most)]
        read: dict[str, Array | ReadError] = {}
        with ThreadPoolExecutor(min(self.threads, len(parts))) as pool:
            for rows in pool.map(self._rows, parts):
                read |= rows
        if not self._stacks:
            return super().get_each(wanted)
        # Calls that failed were retried already. Objects that failed within a response were not.
        failed = (error for error in read.values() if isinstance(error, Unavailable))
        return read | super().get_each(error.key for error in failed if error.key is not None)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List keys, a thousand at a time.

        Invoke has no event for listing, so the function receives the event of its Function URL.
        """
        return listing.list_keys(lambda query: with_retries(partial(self._list, query)), prefix)

    @property
    def _stacks(self) -> bool:
        """Whether the function can stack results, as far as the reader knows."""
        pipeline = self.pipeline
        if pipeline is None:
            return self._learned.stacks
        return pipeline.encoding.stacks and None not in pipeline.output.shape

    def _most(self, wanted: int) -> int:
        nbytes = self._learned.row_bytes
        if self.pipeline is not None:
            nbytes = self.pipeline.output.nbytes
        return min(max(_MAX_BATCH_BYTES // nbytes, 1) if nbytes else wanted, _MOST_KEYS)

    def _rows(self, keys: Sequence[str]) -> dict[str, Array | ReadError]:
        try:
            answer = with_retries(partial(self._invoke, {"keys": list(keys), **self._choice}, None))
            return self._unstacked(keys, answer)
        except ReadError as error:
            if error.code == "InvalidPipeline" and self.pipeline is None:
                self._learned.stacks = False  # a read of one object reports any other cause
            if error.status != 413 or len(keys) == 1:
                return dict.fromkeys(keys, error)
        half = len(keys) // 2
        return {**self._rows(keys[:half]), **self._rows(keys[half:])}

    def _unstacked(self, keys: Sequence[str], answer: InvokeResult) -> dict[str, Array | ReadError]:
        read: dict[str, Array | ReadError] = dict(answer.errors)
        if answer.keys:
            stack = decode(self._object(answer, None))
            if stack.shape[:1] != (len(answer.keys),):
                raise Undecodable("the response has a different number of rows and keys")
            self._learned.row_bytes = max(stack[0].nbytes, 1)
            read |= zip(answer.keys, stack, strict=True)
        if read.keys() != set(keys):
            raise Undecodable("the response is not about the requested keys")
        return read

    def _get(self, key: str) -> ReadResult:
        return self._object(self._invoke({"key": key, **self._choice}, key), key)

    @property
    def _choice(self) -> Mapping[str, Any]:
        chosen: dict[str, Any] = {"bucket": self.bucket}
        if self.pipeline is not None:
            chosen["spec"] = str(self.pipeline)
        elif self.preset is not None:
            chosen["pipeline"] = self.preset
        # A function may not allow seeds. It need not refuse one that changes nothing.
        asks = self.seed and self.draws is not False
        return chosen | ({"seed": self.seed} if asks else {})

    def _object(self, answer: InvokeResult, key: str | None) -> ReadResult:
        if answer.body is not None:
            return ReadResult.of(bytearray(answer.body), answer.headers)
        # Too large for Lambda: the function stored it elsewhere.
        tls = not self._client.meta.endpoint_url.startswith("http:")
        aside = answer.headers.get("location", "")
        return ReadResult.of(web.follow_redirect(aside, key, self.threads, tls=tls), answer.headers)

    def _list(self, query: Mapping[str, str]) -> bytes:
        path = f"/{quote(self.bucket)}"
        context = {"domainName": _DOMAIN, "http": {"method": "GET", "path": path}}
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": urlencode(query, quote_via=quote),
            "headers": {},
            "requestContext": context,
            "isBase64Encoded": False,
        }
        return self._invoke(event, None).body or b""

    def _invoke(self, event: Mapping[str, Any], key: str | None) -> InvokeResult:
        with aws.translate_errors(key):
            reply = self._client.invoke(FunctionName=self.name, Payload=json.dumps(event))
            payload = reply["Payload"].read()
        return parse_response(payload, "FunctionError" in reply, key)

    @property
    def _client(self) -> Any:
        return aws.shared_client(
            aws.ClientSettings("lambda", self.region, self.endpoint_url, self.threads)
        )
