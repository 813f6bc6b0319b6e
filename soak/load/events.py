"""Invalid events made by Hypothesis, and the answers that they may get."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soak.load.clients import timed
from soak.load.reads import Outcome, Verdict

CONTEXTS = ("getObjectContext", "headObjectContext", "listObjectsContext", "listObjectsV2Context")
# The event has an unknown shape, or its token is missing, unknown or cannot be sent.
NOBODY_TO_ANSWER = ("ValueError", "RequestFailed", "ReplyFailed")
_REMOVED = "(removed)"

TEXTS = st.text(max_size=30) | st.sampled_from(
    (
        "",
        "\x00",
        "\r\nX-Injected: 1",
        "\ud800",
        "\N{RIGHT-TO-LEFT OVERRIDE}\N{PILE OF POO}",
        "../../etc/passwd",
        "%00%ff%",
        "9" * 5000,
        "x" * 20_000,
        "[" * 20_000,
    )
)
# With a configured endpoint the function contacts only that, whatever the URL is.
URLS = st.sampled_from(
    (
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "https://s3.amazonaws.com@evil.example/a",
        "https://evil.example#.s3.amazonaws.com/a",
        "http://[::1",
        "http://[::1]:99999/a",
        "http://127.0.0.1:0/a",
        "http://127.0.0.1:port/a",
        "//photos/a",
        "http:///a",
        "gopher://127.0.0.1/_GET",
        "http://photos\r\nHost: evil.example/a",
        "http://photos/a b\x7f",
        "http://ph\u00f6tos.s3.amazonaws.com/\u2603",
        "s3://photos/a?X-Amz-SignedHeaders=host;" + "x-a;" * 5000,
        "",
    )
)
RANGES = st.sampled_from(
    ("bytes=0-", "bytes=-0", "bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=" + "9" * 400 + "-")
)
# The presigned URL may list some of them as signed.
HEADERS = ("Range", "If-Match", "If-Range", "X-Amz-Request-Payer", "X-Amz-Checksum-Mode", "")
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def event(
    input_s3_url: str, context: str = "getObjectContext", payload: str = ""
) -> dict[str, Any]:
    """Return a valid Object Lambda event."""
    own = {"inputS3Url": input_s3_url}
    if context == "getObjectContext":
        own |= {"outputRoute": "io-local-cell001", "outputToken": "SECRETTOKEN"}
    host = "photos-123456789012.s3-object-lambda.us-east-1.amazonaws.com"
    arn = "arn:aws:{}:us-east-1:123456789012:accesspoint/{}"
    return {
        "xAmzRequestId": "1a5ed718-5f53-471d-b6fe-5cf62d88d02a",
        context: own,
        "configuration": {
            "accessPointArn": arn.format("s3-object-lambda", "gray"),
            "supportingAccessPointArn": arn.format("s3", "photos"),
            "payload": payload,
        },
        "userRequest": {
            "url": f"https://{host}/a%20photo.jpg",
            "headers": {"Host": host, "Accept-Encoding": "identity"},
        },
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "SECRETPRINCIPAL",
            "arn": "arn:aws:iam::123456789012:user/SECRETUSER",
            "accountId": "123456789012",
            "accessKeyId": "SECRETACCESSKEY",
        },
        "protocolVersion": "1.00",
    }


@st.composite
def mutated(draw: st.DrawFn, valid: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid event with one field removed, of another type, or with an absurd value."""
    changed = copy.deepcopy(dict(valid))
    place = changed
    name = draw(st.sampled_from(sorted(place)))
    while isinstance(place[name], dict) and place[name] and draw(st.booleans()):
        place = place[name]
        name = draw(st.sampled_from(sorted(place)))
    value = draw(st.just(_REMOVED) | ANYTHING | URLS | TEXTS)
    if value == _REMOVED:
        del place[name]
    else:
        place[name] = value
    if draw(st.booleans()):
        headers = st.dictionaries(st.sampled_from(HEADERS), TEXTS | RANGES)
        changed["userRequest"] = {
            "url": draw(st.just("/a.jpg?partNumber=") | st.just("/a.jpg?seed=")) + draw(TEXTS),
            "headers": draw(headers),
        }
    return changed


def any_event(input_s3_url: str, payload: str = "") -> st.SearchStrategy[Any]:
    """Return events of any shape, mostly nearly valid ones of all actions."""
    nearly = [mutated(event(input_s3_url, context, payload)) for context in CONTEXTS]
    return st.one_of(*nearly, ANYTHING)


def invoke_with_any(
    invoke: Callable[[bytes], Mapping[str, Any]], url: str, payload: str, count: int
) -> list[Outcome]:
    """Invoke a function with `count` events, always the same ones, and judge the answers.

    Parameters
    ----------
    invoke
        Takes an event as JSON and returns Lambda's answer: ``Payload``, and ``FunctionError`` if any.
    url
        The URL of an original that can be read.
    payload
        The payload of the access point.
    count
        The number of events.
    """
    outcomes = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(any_event(url, payload))
    def send(made: Any) -> None:
        outcomes.append(timed(lambda _, job: _judged(invoke(job)), None, json.dumps(made).encode()))

    send()
    return outcomes


def _judged(answer: Mapping[str, Any]) -> Outcome:
    payload = json.loads(answer["Payload"])
    answered = payload if isinstance(payload, dict) else {}
    if "FunctionError" in answer:  # no client was waiting
        kind = str(answered.get("errorType"))
        code: str | None = f"({kind})"
        fine = kind in NOBODY_TO_ANSWER
    else:
        code = answered.get("errorCode")
        fine = isinstance(answered.get("statusCode"), int) and code != "InternalError"
    verdict = Verdict.RIGHT if fine else Verdict.WRONG
    return Outcome("event", verdict, code, detail=str(payload)[:300])
