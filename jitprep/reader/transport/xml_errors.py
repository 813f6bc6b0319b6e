"""Parsing of error bodies: S3's XML, and Lambda's JSON."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

_LARGEST = 2**16


def error_fields(body: bytes, code: str = "Unknown", message: str = "") -> tuple[str, str]:
    """Return an error's code and message.

    Parameters
    ----------
    body : bytes
    code, message : str
        Defaults where the body does not contain them.
    """
    text = body[:_LARGEST].strip()
    try:
        if text.startswith(b"<"):
            root = ET.fromstring(text)  # noqa: S314  bounded, and the function is trusted
            return root.findtext("Code", code), root.findtext("Message", message)
        words = {name.lower(): value for name, value in json.loads(text).items()}
        return code, str(words.get("message", message))
    except (ValueError, LookupError, AttributeError, RecursionError, ET.ParseError):
        return code, message
