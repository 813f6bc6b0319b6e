"""The commands of a page in docs/deploy, run by bash; those that would leave this machine are noted."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

from tests.deploy import stack

PAGES = stack.PATH.parents[1] / "docs/deploy"
# What the AWS command line says of whatever it is asked.
ANSWER = "something-that-aws-says"
NOTED = f"""
set -euo pipefail
AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_SESSION_TOKEN=x
note() {{ printf '%q ' "$@" >>"$LOG"; echo >>"$LOG"; }}
aws() {{
    note aws "$@"
    case "$1 $2" in
    "sts get-caller-identity") echo 123456789012 ;;
    "secretsmanager get-secret-value") echo '{{"secret_access_key": "x"}}' ;;
    *) echo {ANSWER} ;;
    esac
}}
curl() {{ note curl "$@"; }}
docker() {{ note docker "$@"; }}
kubectl() {{ note kubectl "$@"; }}
make() {{ note make "$@"; }}
publish() {{ note publish "$@"; }}
jitprep() {{ note jitprep "$@"; }}
check-quotas() {{ note check-quotas "$@"; }}
openssl() {{ note openssl "$@"; echo key | tee public.pem >private.pem; }}
"""


def blocks(page: str) -> list[str]:
    """Return the page's blocks of shell."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)


def followed(folder: Path, *pages: str) -> list[list[str]]:
    """Run the pages' commands in a folder; return those that were noted, as words."""
    commands = "\n".join(block for page in pages for block in blocks(page))
    script = NOTED + re.sub(r"deploy/(publish|check-quotas)", r"\1", commands)
    done = subprocess.run(
        ["bash", "-c", script],
        env={"LOG": str(folder / "log"), "PATH": "/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [shlex.split(line) for line in (folder / "log").read_text().splitlines()]


def overrides(words: list[str]) -> dict[str, str]:
    """Return the template's parameters that an `aws cloudformation deploy` gives."""
    given = words[words.index("--parameter-overrides") + 1 :]
    return dict(word.split("=", 1) for word in given)


def require_allowed(parameter: dict[str, Any], value: str) -> None:
    """Fail if a template's parameter does not take a value; what AWS said may be anything."""
    if value == ANSWER:
        return
    allowed = parameter.get("AllowedValues")
    assert allowed is None or value in allowed
    parts = value.split(",") if parameter["Type"] == "CommaDelimitedList" else [value]
    assert all(re.fullmatch(parameter.get("AllowedPattern", ".*"), part) for part in parts)
