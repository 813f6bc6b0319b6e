"""Makes JSON of answers, without looking through a body in base64 for characters to escape.

An encoder takes 0.5 ms of CPU for that in 200 kB, half of what reading and answering take together.
awslambdaric lets functions replace its encoder.
"""

from __future__ import annotations

import json
import sys
from typing import Any

_COMPACT = (",", ":")
_CLIENT = "awslambdaric.lambda_runtime_client"


def has_base64(answer: Any) -> bool:
    """Return whether an answer has a body in base64."""
    return isinstance(answer, dict) and answer.get("isBase64Encoded") is True


def as_json(answer: Any) -> str:
    """Return an answer as JSON. Raises ValueError, TypeError or RecursionError where it cannot be."""
    if not has_base64(answer):
        return json.dumps(answer, separators=_COMPACT)
    beside = {name: value for name, value in answer.items() if name != "body"}
    return f'{json.dumps(beside, separators=_COMPACT)[:-1]},"body":"{answer["body"]}"}}'


class AnswerMarshaller:
    """Marshaller of events and answers, of awslambdaric's interface.

    Parameters
    ----------
    usual : LambdaMarshaller
        What takes all other answers, and the events.
    """

    def __init__(self, usual: Any) -> None:
        self._usual = usual

    def unmarshal_request(self, request: Any, content_type: str = "application/json") -> Any:
        """Return the event. Raises what awslambdaric's does."""
        return self._usual.unmarshal_request(request, content_type)

    def marshal_response(self, response: Any) -> tuple[Any, str]:
        """Return the answer as JSON, and its content type. Raises what awslambdaric's does."""
        if has_base64(response):
            return as_json(response), "application/json"
        made: tuple[Any, str] = self._usual.marshal_response(response)
        return made


def replace_marshaller() -> None:
    """Replace awslambdaric's marshaller, if that is what runs the function."""
    if _CLIENT in sys.modules:
        client = sys.modules[_CLIENT].BaseLambdaRuntimeClient
        client.marshaller = AnswerMarshaller(client.marshaller)
