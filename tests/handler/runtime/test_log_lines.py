"""Each line of the log is JSON with what Lambda filters by, whatever wrote it."""

from __future__ import annotations

import json
import logging
import warnings
from datetime import UTC, datetime, timedelta

import pytest

from handler.runtime.log import write_log_line
from handler.runtime_client.failures import log_as_json


@pytest.fixture
def lines(capfd):
    """What was written, as Lambda reads it: a line without a valid time would count as INFO."""

    def read():
        found = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
        for line in found:
            age = datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])
            assert timedelta() <= age < timedelta(minutes=1)
        return found

    return read


def test_a_line_has_a_level_and_a_time_and_what_has_a_value(lines):
    write_log_line("ERROR", {"requestId": "1", "key": None, "text": "a\nb"})
    (line,) = lines()
    del line["timestamp"]
    assert line == {"level": "ERROR", "requestId": "1", "text": "a\nb"}


def test_what_libraries_log_and_warn_of_is_json_too(lines):
    root = logging.getLogger()
    before = root.handlers[:]
    try:
        log_as_json()
        logging.getLogger("boto").warning("no %s", "region")
        logging.getLogger("boto").error("failed", exc_info=KeyError("a"))
        warnings.showwarning("old", DeprecationWarning, "f.py", 1)
    finally:
        root.handlers[:] = before
        logging.captureWarnings(capture=False)
    first, second, third = lines()
    assert (first["level"], first["logger"], first["message"]) == ("WARNING", "boto", "no region")
    assert (second["level"], second["errorType"]) == ("ERROR", "KeyError")
    assert (third["level"], third["logger"]) == ("WARNING", "py.warnings")
