"""The examples in the documentation of the pytest fixture."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from jitprep.emulator import pytest_plugin

FUNCTION = """
import urllib.request
from urllib.parse import parse_qs, urlsplit
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    get = event["getObjectContext"]
    url = get["inputS3Url"]
    signed = parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";")
    sent = event["userRequest"]["headers"].items()
    headers = {name: value for name, value in sent if name.lower() in signed and name != "Host"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as source:
        body = source.read().upper()
    s3.write_get_object_response(
        RequestRoute=get["outputRoute"], RequestToken=get["outputToken"], Body=body
    )

def over_http(event, context):
    return {event["rawPath"].strip("/"): event["queryStringParameters"]["name"]}
"""


PAGE = Path(__file__).parents[3] / "docs/doors/testing-object-lambda.md"


# The warning appears only where jitprep is installed in editable mode.
STRICT = """
[pytest]
filterwarnings =
    error
    ignore:Module already imported so cannot be rewritten; _editable:pytest.PytestAssertRewriteWarning
"""


def passes(folder: Path, example: str) -> None:
    (folder / "my_function.py").write_text(FUNCTION)
    (folder / "test_example.py").write_text(example)
    (folder / "pytest.ini").write_text(STRICT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_plugins_example_passes(tmp_path):
    assert pytest_plugin.__doc__ is not None
    passes(tmp_path, textwrap.dedent(pytest_plugin.__doc__.partition("::\n")[2]))


def test_the_pages_example_passes(tmp_path):
    five_lines, whole, _ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    rest = f"{whole}assert s3.get_object(Bucket=alias, Key='a.txt')['Body'].read() == b'WORDS'\n"
    passes(tmp_path, five_lines + textwrap.indent(rest, "    "))


def test_the_pages_function_url_answers(tmp_path):
    *_, at_its_url = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    passes(tmp_path, at_its_url)
