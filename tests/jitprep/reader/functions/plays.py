"""Scripted function, whose behaviour the name of the bucket selects.

Of each key, a number, it makes a row: how many keys it was asked for at once, and the number.
"""

import base64
import io
import os

import numpy as np


def handler(event, context):
    keys = event.get("keys")
    if keys is None and "key" not in event:
        return LISTINGS[event["rawPath"]](event)
    behaviour = BEHAVIOURS[event["bucket"]]
    if keys is None:
        return behaviour([event["key"]], one=True)
    return behaviour(keys, one=False)


def rows(keys, *, one, answered=None):
    stack = np.array([[len(keys), int(key.partition(".")[0])] for key in keys], np.uint8)
    stream = io.BytesIO()
    np.save(stream, stack[0] if one else stack)
    answer = {
        "statusCode": 200,
        "headers": {"Content-Type": "application/x-npy"},
        "body": base64.b64encode(stream.getvalue()).decode(),
        "isBase64Encoded": True,
    }
    return answer if one else {**answer, "keys": answered or keys, "etags": [], "errors": []}


def at_most_three(keys, *, one):
    return rows(keys, one=one) if len(keys) <= 3 else failed(413, "ResponseTooLarge")


def some_fail(keys, *, one):
    good = [key for key in keys if one or "." not in key]
    errors = [
        {"key": key, **(failed(404, "NoSuchKey") if "gone" in key else failed(503, "SlowDown"))}
        for key in keys
        if key not in good
    ]
    if not good:
        return {"statusCode": 200, "headers": {}, "keys": [], "etags": [], "errors": errors}
    return rows(good, one=one) | {"errors": errors}


def one_by_one(keys, *, one):
    return rows(keys, one=one) if one else failed(400, "InvalidPipeline")


def aside(keys, *, one):
    """Redirect to the URL at the end of the key."""
    answer = rows(keys, one=one)
    del answer["body"], answer["isBase64Encoded"]
    location = {"Location": keys[0].partition(".")[2]}
    return answer | {"statusCode": 307, "headers": {**answer["headers"], **location}}


def changed(keys, *, one):
    """Claim the checksum of other bytes."""
    answer = rows(keys, one=one)
    return answer | {"headers": {**answer["headers"], "x-amz-checksum-crc32": "AAAAAA=="}}


def failed(status, code):
    return {"statusCode": status, "errorCode": code, "errorMessage": "as the test wants it"}


def raises(keys, *, one):
    raise ValueError("as the test wants it")


def listing(event):
    context = event["requestContext"]
    assert (event["version"], context["http"]["method"]) == ("2.0", "GET")
    assert ".lambda-url." in context["domainName"]
    last = "continuation-token=T" in event["rawQueryString"]
    more = "" if last else "<NextContinuationToken>T</NextContinuationToken>"
    contents = f"<Contents><Key>{int(last)}</Key></Contents>"
    xml = f"<ListBucketResult>{contents}{more}</ListBucketResult>"
    body = base64.b64encode(xml.encode()).decode()
    return {"statusCode": 200, "headers": {}, "body": body, "isBase64Encoded": True}


def denied(event):
    xml = "<Error><Code>BucketNotAllowed</Code><Message>no</Message></Error>"
    return {"statusCode": 403, "headers": {}, "body": xml, "isBase64Encoded": False}


BEHAVIOURS = {
    "rows": rows,
    "at-most-three": at_most_three,
    "some-fail": some_fail,
    "one-by-one": one_by_one,
    "aside": aside,
    "changed": changed,
    "other-keys": lambda keys, one: rows(keys, one=one, answered=keys[::-1][:1] * len(keys)),
    "too-few": lambda keys, one: rows(keys[1:], one=one, answered=keys),
    "refuses": lambda keys, one: failed(403, "BucketNotAllowed"),
    "raises": raises,
    "exits": lambda keys, one: os._exit(1),
    "is-another": lambda keys, one: ["hello"],
    "tells-nothing": lambda keys, one: {"statusCode": 200},
}
LISTINGS = {"/rows": listing, "/refuses": denied}
