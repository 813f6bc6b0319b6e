"""A function whose behaviour the access point's payload selects. It is plain AWS code."""

import functools
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import boto3
from botocore.config import Config

S3 = boto3.client("s3")


def handler(event, context):
    get = event.get("getObjectContext", {})
    answer = {"RequestRoute": get.get("outputRoute"), "RequestToken": get.get("outputToken")}
    behaviour, _, argument = event["configuration"]["payload"].partition(":")
    return BEHAVIOURS[behaviour](event, answer, argument)


@functools.cache
def streaming_s3():
    """Return a client that does not read a whole body to sign it before it sends it."""
    return boto3.client("s3", config=Config(s3={"payload_signing_enabled": False}))


def input_s3_url(event):
    (context,) = (value for name, value in event.items() if name.endswith("Context"))
    return context["inputS3Url"]


def source(event, method="GET"):
    """Send the presigned request, with the client's headers that its signature covers."""
    url = input_s3_url(event)
    signed = parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";")
    sent = event["userRequest"]["headers"].items()
    headers = {name: value for name, value in sent if name.lower() in set(signed) - {"host"}}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method))


def upper(event, answer, argument):
    """Convert the object, its content type (HEAD) or its keys (LIST) to upper case."""
    if "headObjectContext" in event:
        with source(event, "HEAD") as response:
            headers = dict(response.headers)
        return {"statusCode": 200, "headers": headers | {"Content-Type": "TEXT/PLAIN"}}
    if "getObjectContext" not in event:
        return {"statusCode": 200, "listBucketResult": upper_listing(event)}
    with source(event) as response:
        body = response.read().upper()
    S3.write_get_object_response(
        **answer,
        Body=body,
        ContentType="text/plain",
        ETag='"derived"',
        CacheControl="max-age=60",
        Metadata={"process": str(os.getpid())},
    )
    return None


def upper_listing(event):
    with source(event) as response:
        listed = ElementTree.parse(response).getroot()
    contents = [
        {"key": found.findtext("{*}Key").upper(), "size": int(found.findtext("{*}Size"))}
        for found in listed.iterfind("{*}Contents")
    ]
    return {
        "name": listed.findtext("{*}Name"),
        "maxKeys": int(listed.findtext("{*}MaxKeys")),
        "isTruncated": listed.findtext("{*}IsTruncated") == "true",
        "contents": contents,
    }


def echo_event(event, answer, argument):
    echo = json.dumps(event)
    if "getObjectContext" in event:
        S3.write_get_object_response(**answer, Body=echo.encode())
        return None
    listing = {"name": "", "maxKeys": 0, "isTruncated": False, "prefix": echo}
    if "headObjectContext" not in event:
        return {"statusCode": 200, "listBucketResult": listing}
    return {"statusCode": 200, "headers": {"Content-Length": 0, "x-amz-meta-event": echo}}


def return_json(event, answer, argument):
    return json.loads(argument)


def echo_environment(event, answer, argument):
    S3.write_get_object_response(**answer, Body=json.dumps(dict(os.environ)).encode())


def slow_upper(event, answer, argument):
    time.sleep(float(argument))
    upper(event, answer, argument)


def raise_error(event, answer, argument):
    raise ValueError(argument)


def return_silently(event, answer, argument):
    return {"ignored": "value"}


def return_large(event, answer, argument):
    return {"statusCode": 200, "listResultXml": " " * 7_000_000}


def return_text(event, answer, argument):
    """Return JSON of the given length in bytes, quotes included."""
    return "x" * (int(argument) - 2)


def return_process(event, answer, argument):
    return os.getpid()


def exit_process(event, answer, argument):
    sys.stdout.write(argument)
    os._exit(17)


def sleep(event, answer, argument):
    time.sleep(60)


def write_error(event, answer, argument):
    status, code, message = argument.split("/")
    S3.write_get_object_response(
        **answer, StatusCode=int(status), ErrorCode=code, ErrorMessage=message
    )


def write(event, answer, argument):
    """Write the response with the parameters in the argument, which is JSON."""
    S3.write_get_object_response(**answer, **json.loads(argument))


def write_chunked(event, answer, argument):
    """Write the response with a body of unknown length."""
    parameters = json.loads(argument)
    body = Streamed([parameters.pop("Body").encode()])
    streaming_s3().write_get_object_response(**answer, **parameters, Body=body)


class Streamed:
    """A body of unknown length."""

    def __init__(self, chunks):
        self.chunks = iter(chunks)

    def read(self, size=-1):
        return next(self.chunks, b"")

    def __iter__(self):
        return self.chunks


def write_twice(event, answer, argument):
    """Write twice with the same token, and print the error of the second write."""
    S3.write_get_object_response(**answer, Body=b"first")
    try:
        S3.write_get_object_response(**answer, Body=b"second")
    except S3.exceptions.ClientError as error:
        sys.stdout.write(f"second write: {error.response['Error']['Code']}\n")


def write_then_raise(event, answer, argument):
    S3.write_get_object_response(**answer, Body=b"whole")
    raise ValueError("after the fact")


def big(event, answer, argument):
    S3.write_get_object_response(**answer, Body=b"x" * int(argument))


class Halves:
    """A body of unknown length whose second half waits for a file, or ends the process."""

    def __init__(self, path):
        self.path = path
        self.halves = [b"first half,", b"second half"]

    def read(self, size=-1):
        if len(self.halves) == 1:
            while self.path and not Path(self.path).exists():
                time.sleep(0.01)
            if not self.path:
                os._exit(9)
        return self.halves.pop(0) if self.halves else b""

    def __iter__(self):
        while half := self.read():
            yield half


def halves(event, answer, argument):
    streaming_s3().write_get_object_response(**answer, Body=Halves(argument))


BEHAVIOURS = {
    name: value for name, value in list(globals().items()) if callable(value) and name.islower()
}
