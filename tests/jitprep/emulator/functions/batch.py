"""A function for S3 Batch Operations whose behaviour the object's key selects."""

import json
import os
import time
from pathlib import Path
from urllib.parse import unquote_plus


def handler(event, context):
    (task,) = event["tasks"]
    what, _, argument = unquote_plus(task["s3Key"]).partition(":")
    answer = {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "invocationId": event["invocationId"],
        "treatMissingKeysAs": "TemporaryFailure" if what == "missing" else "PermanentFailure",
    }
    if what in {"Succeeded", "TemporaryFailure", "PermanentFailure", "NoSuchCode"}:
        return {**answer, "results": [result(task, what, argument)]}
    return {**answer, **globals()[what](event, task, argument)}


def result(task, code, text):
    return {"taskId": task["taskId"], "resultCode": code, "resultString": text}


def echo(event, task, _):
    return {"results": [result(task, "Succeeded", json.dumps(event))]}


def third_time(event, task, path):
    """Fail temporarily, twice."""
    with Path(path).open("a") as tries:
        tries.write("x")
    code = "Succeeded" if Path(path).stat().st_size >= 3 else "TemporaryFailure"
    return {"results": [result(task, code, "at last")]}


def note(event, task, argument):
    """Append the job's ID to a file, then wait until another file exists."""
    line, gate = argument.split("|")
    with Path(line).open("a") as lines:
        lines.write(event["job"]["id"] + "\n")
    while not Path(gate).exists():
        time.sleep(0.01)
    return {"results": [result(task, "Succeeded", "")]}


def missing(event, task, _):
    return {"results": []}


def stranger(event, task, _):
    return {"invocationId": "another", "results": []}


def unlisted(event, task, _):
    return {"results": "none"}


def fall(event, task, words):
    raise ValueError(words)


def leave(event, task, _):
    os._exit(3)
