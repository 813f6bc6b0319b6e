"""S3's XML: text escaped for it, elements and whole documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

XmlElement = tuple[str, "str | Sequence[XmlElement]"]
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Characters that XML 1.0 cannot represent.
UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A parser turns a raw carriage return into a line feed. S3 escapes an ETag's quotes too.
_ESCAPED = {"\r": "&#13;", '"': "&quot;"}
_REFERENCED = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff\"]")


def xml_text(text: str) -> str:
    """Return ``text`` escaped for an element, with U+FFFD for what XML cannot represent."""
    return escape(UNWRITABLE.sub("\ufffd", text), _ESCAPED)


def xml_elements(texts: Mapping[str, str]) -> str:
    """Return one element for each name, with its text."""
    return "".join(f"<{name}>{xml_text(text)}</{name}>" for name, text in texts.items())


def xml_flag(value: bool) -> str:
    """Return a boolean as XML spells it."""
    return "true" if value else "false"


def s3_document(root: str, content: Sequence[XmlElement]) -> bytes:
    """Return a document in S3's namespace.

    Keys are written as S3 writes them. XML 1.0 has no reference to most control characters, so a
    parser rejects the document rather than read another key; clients that have such keys ask for
    ``encoding-type=url``.
    """
    return f'{DECLARATION}<{root} xmlns="{NAMESPACE}">{_content(content)}</{root}>'.encode()


def _content(content: str | Sequence[XmlElement]) -> str:
    if isinstance(content, str):
        return _REFERENCED.sub(lambda found: f"&#{ord(found[0])};", escape(content))
    return "".join(f"<{name}>{_content(inner)}</{name}>" for name, inner in content)
