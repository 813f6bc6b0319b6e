"""Functions like those in AWS's documentation.

They do what theirs do and no more: none sends the headers that `inputS3Url` is signed with, none looks
at errors of S3 where theirs do not. Only the libraries differ: urllib and ElementTree are at hand.
"""

import io
import urllib.request
import zlib
from urllib.error import HTTPError
from xml.etree import ElementTree

import boto3
from botocore.config import Config
from PIL import Image

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
ElementTree.register_namespace("", NAMESPACE)


def handler(event, context):
    return FUNCTIONS[event["configuration"]["payload"]](event)


def uppercase(event):
    """The tutorial: the object's text in capitals."""
    get = event["getObjectContext"]
    text = urllib.request.urlopen(get["inputS3Url"]).read().decode()
    boto3.client("s3").write_get_object_response(
        Body=text.upper(), RequestRoute=get["outputRoute"], RequestToken=get["outputToken"]
    )
    return {"status_code": 200}


def forbidden(event):
    """Example 1: the object requires a header."""
    get = event["getObjectContext"]
    to = {"RequestRoute": get["outputRoute"], "RequestToken": get["outputToken"]}
    s3 = boto3.client("s3")
    if "SuperSecretToken" in event["userRequest"]["headers"]:
        s3.write_get_object_response(**to, Body=urllib.request.urlopen(get["inputS3Url"]).read())
    else:
        s3.write_get_object_response(
            **to,
            StatusCode=403,
            ErrorCode="NoSuperSecretTokenFound",
            ErrorMessage="The request was not secret enough.",
        )
    return {"status_code": 200}


def thumbnail(event):
    """Example 2: a smaller image."""
    get = event["getObjectContext"]
    image = Image.open(io.BytesIO(urllib.request.urlopen(get["inputS3Url"]).read()))
    image.thumbnail((256, 256))
    made = io.BytesIO()
    image.save(made, "png")
    boto3.client("s3").write_get_object_response(
        Body=made.getvalue(), RequestRoute=get["outputRoute"], RequestToken=get["outputToken"]
    )
    return {"status_code": 200}


class Compressed:
    """A file-like body for botocore that compresses an iterator's chunks."""

    def __init__(self, chunks):
        self.chunks = self.compress(chunks)

    def compress(self, chunks):
        gzip = zlib.compressobj(wbits=31)
        for chunk in chunks:
            if done := gzip.compress(chunk):
                yield done
        yield gzip.flush()

    def read(self, size=-1):
        return next(self.chunks, b"")

    def __iter__(self):
        return self.chunks


def compressed(event):
    """Example 3: compression while streaming, without a length."""
    get = event["getObjectContext"]
    config = Config(signature_version="s3v4", s3={"payload_signing_enabled": False})
    with urllib.request.urlopen(get["inputS3Url"]) as source:
        boto3.client("s3", config=config).write_get_object_response(
            Body=Compressed(iter(lambda: source.read(1024), b"")),
            RequestRoute=get["outputRoute"],
            RequestToken=get["outputToken"],
            ContentType="text/plain",
            ContentEncoding="gzip",
        )
    return {"status_code": 200}


def head(event):
    """HeadObject: every header that S3 sent, one of them empty."""
    request = urllib.request.Request(event["headObjectContext"]["inputS3Url"], method="HEAD")
    try:
        response = urllib.request.urlopen(request)
    except HTTPError as error:
        return {
            "statusCode": error.code,
            "errorCode": "RequestFailure",
            "errorMessage": "Request to S3 failed",
        }
    headers = dict(response.headers)
    headers["Content-Type"] = ""
    return {"statusCode": response.status, "headers": headers}


def listing(event):
    """ListObjects and ListObjectsV2: S3's XML with empty storage classes."""
    (context,) = (event[name] for name in event if name.endswith("Context"))
    try:
        response = urllib.request.urlopen(context["inputS3Url"])
    except HTTPError as failure:
        error = ElementTree.parse(failure).getroot()
        return {
            "statusCode": failure.code,
            "errorCode": error.findtext("Code"),
            "errorMessage": error.findtext("Message"),
        }
    listed = ElementTree.parse(response).getroot()
    for item in listed.iterfind("{*}Contents"):
        item.find("{*}StorageClass").text = ""
    return {"statusCode": 200, "listResultXml": ElementTree.tostring(listed, "unicode")}


FUNCTIONS = {
    function.__name__: function
    for function in (uppercase, forbidden, thumbnail, compressed, head, listing)
}
