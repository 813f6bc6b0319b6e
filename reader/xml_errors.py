"""S3's errors as XML, and those of what runs the function, which are JSON."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

_LARGEST = 2**16


def told(body: bytes, otherwise: str = "") -> tuple[str, str]:
    """Return an error's code and message.

    Parameters
    ----------
    body : bytes
    otherwise : str
        The message where the body is neither.
    """
    text = body[:_LARGEST].strip()
    try:
        if text.startswith(b"<"):
            root = ET.fromstring(text)  # noqa: S314  bounded, and of a function that is trusted
            return root.findtext("Code", "Unknown"), root.findtext("Message", "")
        words = {name.lower(): value for name, value in json.loads(text).items()}
        return str(words.get("reason", "Unknown")), str(words.get("message", otherwise))
    except (ValueError, AttributeError, ET.ParseError):
        return "Unknown", otherwise
