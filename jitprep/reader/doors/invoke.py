"""Reader by Lambda's Invoke: many objects per call, where results of the pipeline can be stacked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from typing import Any
from urllib.parse import quote, urlencode

from jitprep.reader.base import Reader
from jitprep.reader.doors.invoke_response import (
    InvokeResult,
    joined_payload,
    parse_response,
)
from jitprep.reader.errors import ReadError, Unavailable, Undecodable, read_error
from jitprep.reader.threads import in_threads
from jitprep.reader.transport import aws, direct, listing, web
from jitprep.reader.transport.event_stream import lambda_events, sdk_events
from jitprep.reader.transport.receiving import Incoming
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stream import read_rest
from jitprep.reader.transport.xml_errors import error_fields
from jitprep.service.lambda_limits import most_rows
from preprocessing import Pipeline
from preprocessing.media import Array

_MOST_KEYS = 1000  # the function's limit for one event
# A response also lists the key and ETag of each object, about 128 bytes.
_ROW_OVERHEAD = 128
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
    """Reader by Invoke, with boto3's configuration.

    Parameters
    ----------
    name : str
        The function's name or ARN.
    bucket : str
        The function's name for the bucket.
    region, endpoint_url : str, optional
        None for AWS's configuration.
    streamed : bool
        Whether to ask for streamed answers, which are larger, and not in base64.
    pipeline : Pipeline, optional
        Pipeline to run.
    preset : str, optional
        Preset to run, in place of a pipeline; None for the function's default.
    """

    name: str
    bucket: str
    region: str | None
    streamed: bool
    endpoint_url: str | None
    pipeline: Pipeline | None
    preset: str | None
    _learned: Learned = field(default_factory=Learned, repr=False, compare=False)

    @property
    def draws(self) -> bool | None:
        """Whether a seed may change results; None where only the function knows."""
        return None if self.pipeline is None else self.pipeline.random

    @property
    def takes_whole_keys(self) -> bool:
        """True: a function knows buckets."""
        return True

    def _get_array(self, key: str) -> Array:
        """Read one object."""
        return with_retries(partial(self._get, key))

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects, as many per call as fit into one response."""
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2 or not self._stacks:
            return super().get_each(wanted)
        calls = ceil(len(wanted) / self._most(len(wanted)))
        size = ceil(len(wanted) / calls)
        parts = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        read: dict[str, Array | ReadError] = {}
        for rows in in_threads(self._rows, parts, self.threads):
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
        return pipeline.stacks

    def _most(self, wanted: int) -> int:
        nbytes = self._learned.row_bytes
        if self.pipeline is not None:
            nbytes = self.pipeline.output.nbytes
        if not nbytes:
            return min(wanted, _MOST_KEYS)
        most = most_rows(nbytes, _ROW_OVERHEAD, streamed=self.streamed)
        return min(max(most, 1), _MOST_KEYS)

    def _rows(self, keys: Sequence[str]) -> dict[str, Array | ReadError]:
        try:
            return with_retries(partial(self._stack, keys))
        except ReadError as error:
            if error.code == "InvalidPipeline" and self.pipeline is None:
                self._learned.stacks = False  # a read of one object reports any other cause
            if error.status != 413 or len(keys) == 1:
                return dict.fromkeys(keys, error)
        half = len(keys) // 2
        return {**self._rows(keys[:half]), **self._rows(keys[half:])}

    def _stack(self, keys: Sequence[str]) -> dict[str, Array | ReadError]:
        """Ask for many objects, once."""
        answer = self._invoke({"keys": list(keys), **self._choice}, None)
        read: dict[str, Array | ReadError] = dict(answer.errors)
        if answer.keys:
            stack = self._array(answer, None)
            if stack.shape[:1] != (len(answer.keys),):
                raise Undecodable("the response has a different number of rows and keys")
            self._learned.row_bytes = max(stack[0].nbytes, 1)
            read |= zip(answer.keys, stack, strict=True)
        if read.keys() != set(keys):
            raise Undecodable("the response is not about the requested keys")
        return read

    def _get(self, key: str) -> Array:
        return self._array(self._invoke({"key": key, **self._choice}, key), key)

    @property
    def _choice(self) -> Mapping[str, Any]:
        chosen: dict[str, Any] = {"bucket": self.bucket}
        if self.pipeline is not None:
            chosen["spec"] = str(self.pipeline)
        elif self.preset is not None:
            chosen["pipeline"] = self.preset
        # A function may not allow seeds. It need not refuse one that changes nothing.
        asks = self.seed and self.draws is not False
        chosen |= {"seed": self.seed} if asks else {}
        return chosen | ({"stream": True} if self.streamed else {})

    def _array(self, answer: InvokeResult, key: str | None) -> Array:
        incoming = Incoming.of(answer.headers, None)
        if answer.body is not None:
            return incoming.decode(answer.body, key)
        # Too large for Lambda: the function stored it elsewhere.
        tls = not self._client.meta.endpoint_url.startswith("http:")
        aside = answer.headers.get("location", "")
        with web.redirected(aside, key, tls=tls) as target:
            return replace(incoming, nbytes=target.length).receive(target, key)

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
        return bytes(self._invoke(event, None).body or b"")

    def _invoke(self, event: Mapping[str, Any], key: str | None) -> InvokeResult:
        body = json.dumps(event).encode()
        operation = "invoke_with_response_stream" if self.streamed else "invoke"
        with aws.translate_errors(key):
            client = self._client
            route = direct.route_of(client, operation, FunctionName=self.name)
            if route is None:
                return self._invoke_by_client(body, key)
            with route.request(route.url, key, body=body) as answer:
                if answer.status == 200 and self.streamed:
                    return parse_response(joined_payload(lambda_events(answer, key), key), key)
                payload = read_rest(answer, answer.length)
            if answer.status != 200:
                code = answer.headers.get("x-amzn-errortype", str(answer.status)).partition(":")[0]
                fields = error_fields(bytes(payload), code, answer.reason)
                raise read_error(answer.status, *fields, key)
        return parse_response(payload, key, failed="x-amz-function-error" in answer.headers)

    def _invoke_by_client(self, body: bytes, key: str | None) -> InvokeResult:
        """Invoke by the SDK, where a proxy or a folder of certificates is configured."""
        client, asked = self._client, {"FunctionName": self.name, "Payload": body}
        if not self.streamed:
            reply = client.invoke(**asked)
            payload = bytearray(reply["Payload"].read())
            return parse_response(payload, key, failed="FunctionError" in reply)
        stream = client.invoke_with_response_stream(**asked)["EventStream"]
        return parse_response(joined_payload(sdk_events(stream, key), key), key)

    @property
    def _client(self) -> Any:
        return aws.shared_client(
            aws.ClientSettings("lambda", self.region, self.endpoint_url, self.threads)
        )
