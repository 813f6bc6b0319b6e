"""deploy/check-quotas against a local server that answers as Lambda and Service Quotas do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.deploy import stack
from tests.deploy.command_line import parsed
from tools import check_quotas
from tools.check_quotas import Load, Quotas

CHECK = stack.PATH.with_name("check-quotas")


class Account:
    """What the server answers: limits, a function's reservation, and requests for a higher quota."""

    def __init__(self) -> None:
        self.concurrency, self.unreserved = 1000, 900
        self.reserved: int | None = None
        self.requested: list[dict[str, Any]] | None = []

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if path.endswith("/account-settings"):
            limits = {"UnreservedConcurrentExecutions": self.unreserved}
            return 200, {"AccountLimit": {"ConcurrentExecutions": self.concurrency, **limits}}
        if path.endswith("/functions/jitprep/concurrency"):
            reserved = {"ReservedConcurrentExecutions": self.reserved}
            return 200, {} if self.reserved is None else reserved
        if path == "/" and self.requested is not None:
            return 200, {"RequestedQuotas": self.requested}
        return 403, {"__type": "AccessDeniedException", "Message": "not yours"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account, which AWS's clients in this environment ask."""
    told = Account()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = told.answer(self.path)
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", body.get("__type", ""))
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", stack.REGION)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        yield told
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    ("load", "running", "concurrency"),
    [
        (Load(1000, 0.1), 100, 100),
        (Load(1000, 0.02), 20, 100),  # ten requests a second for each
        (Load(1000, 1.0), 1000, 1000),
        (Load(1, 0.001), 1, 1),
    ],
)
def test_littles_law_and_the_rate_of_requests(load: Load, running: int, concurrency: int) -> None:
    assert (load.running, load.concurrency) == (running, concurrency)


@pytest.mark.parametrize("reserved", [None, 40])
@pytest.mark.parametrize("needed", [1, 39, 40, 41, 800, 900, 901, 5000])
def test_what_it_asks_for_is_enough(needed: int, reserved: int | None) -> None:
    """After the advice was followed, nothing is short, and 100 are left for other functions."""
    load = Load(needed * 10, 0.1)
    quotas = Quotas("us-east-1", 1000, 900, reserved)
    said = "\n".join(check_quotas.shortage(quotas, load))
    assert bool(said) == (needed > quotas.available)
    if not said:
        return
    concurrency = quotas.concurrency
    if "request-service-quota-increase" in said:
        (command,) = (line for line in said.splitlines() if line.startswith("  aws "))
        asked = parsed(command.strip())
        assert (asked["ServiceCode"], asked["QuotaCode"]) == ("lambda", "L-B99A9384")
        concurrency = int(asked["DesiredValue"])
        assert concurrency > quotas.concurrency
    others = 1000 - 900 - (reserved or 0)
    assert ("ReservedConcurrency=" in said) == (reserved is not None)
    left = concurrency - others - (needed if reserved is not None else 0)
    assert left >= (100 if reserved is not None else needed)


def test_it_reads_the_account_and_says_enough_or_not(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_quotas.main(["--readers", "900", "--ms", "100"]) == 0
    assert "\nenough\n" in capsys.readouterr().out
    assert check_quotas.main(["--rate", "9010", "--ms", "100"]) == 1
    assert "901 are needed and 900 available" in capsys.readouterr().out
    account.reserved = 7
    assert check_quotas.main(["--function", "jitprep:live", "--readers", "8"]) == 1
    assert "ReservedConcurrency=8" in capsys.readouterr().out
    assert check_quotas.main([]) == 0


def test_it_says_that_a_request_is_under_way_where_that_may_be_read(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"DesiredValue": 5000.0, "Status": "CASE_OPENED"}
    account.requested = [asked, {"DesiredValue": 9000.0, "Status": "DENIED"}]
    assert check_quotas.main(["--readers", "2000"]) == 1
    assert "a request for 5,000 is under way" in capsys.readouterr().out
    account.requested = None
    assert check_quotas.main(["--readers", "2000"]) == 1
    assert "under way" not in capsys.readouterr().out


def test_large_loads_are_told_of_the_ramp_and_of_prefixes(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.concurrency = account.unreserved = 10_000
    assert check_quotas.main(["--readers", "2500", "--ms", "100"]) == 0
    said = capsys.readouterr().out
    assert "after 20 s" in said
    assert "over 5 prefixes" in said


def test_the_command_says_what_it_cannot_read(account: Account) -> None:
    command = [CHECK, "--function", "another", "--readers", "8"]
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "lambda:GetFunctionConcurrency" in done.stderr
    assert "Traceback" not in done.stderr
