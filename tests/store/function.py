"""Runs the handler on a JSON list of events from standard input; prints one response per line."""

from __future__ import annotations

import json
import sys
import time


class Context:
    aws_request_id = "one"

    def __init__(self) -> None:
        self._end = time.monotonic() + 60

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def main() -> None:
    events, answers = json.load(sys.stdin), sys.stdout
    sys.stdout = sys.stderr  # for the log's lines
    from handler.app import lambda_handler

    for event in events:
        print(json.dumps(lambda_handler(event, Context())), file=answers, flush=True)


main()
