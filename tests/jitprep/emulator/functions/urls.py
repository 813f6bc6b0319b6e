"""A function with a URL; the path selects one of the responses that AWS documents."""

import base64
import json
import os
import time
from pathlib import Path


def handler(event, context):
    return FUNCTIONS[event["rawPath"].split("/")[1]](event)


def string(event):
    return "Hello, world!"


def table(event):
    return {"message": "Hello, world!"}


def custom(event):
    return {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "My-Custom-Header": "Custom Value"},
        "body": json.dumps({"message": "Hello, world!"}),
        "isBase64Encoded": False,
    }


def cookies(event):
    answer = custom(event)
    answer["cookies"] = [
        "Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT",
        "Cookie_2=Value2; Max-Age=78000",
    ]
    return answer


def binary(event):
    """Return all 256 bytes, with a Content-Length."""
    body = bytes(range(256))
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/octet-stream", "Content-Length": str(len(body))},
        "body": "" if event["requestContext"]["http"]["method"] == "HEAD" else _base64(body),
        "isBase64Encoded": True,
    }


def echo(event):
    return event


def body(event):
    """Return the request's body."""
    sent = event.get("body", "")
    raw = base64.b64decode(sent) if event["isBase64Encoded"] else sent.encode()
    return {"statusCode": 200, "body": _base64(raw), "isBase64Encoded": True}


def given(event):
    """Return the JSON in the request's body."""
    return json.loads(event["body"])


def large(event):
    return {"statusCode": 200, "body": "x" * 6_300_000}


def fail(event):
    raise ValueError("a secret of the function's")


def leave(event):
    os._exit(17)


def sleep(event):
    time.sleep(60)


def wait(event):
    """Return once the file that the query names exists."""
    gate = Path(event["queryStringParameters"]["gate"])
    while not gate.exists():
        time.sleep(0.01)


def _base64(body):
    return base64.b64encode(body).decode()


FUNCTIONS = {
    function.__name__: function
    for function in (
        *(
            string,
            table,
            custom,
            cookies,
            binary,
            echo,
            body,
            given,
            large,
            fail,
            leave,
            sleep,
            wait,
        ),
    )
}
