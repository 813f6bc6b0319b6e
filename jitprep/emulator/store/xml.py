"""S3's XML, written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from jitprep.emulator.store.request import WsgiResponse
from jitprep.emulator.xml_text import DECLARATION

XmlElement = tuple[str, "str | Sequence[XmlElement]"]
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_REFERENCED = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff\"]")


def document(root: str, content: Sequence[XmlElement]) -> WsgiResponse:
    """Return the answer that a document of S3's is."""
    text = f'{DECLARATION}<{root} xmlns="{_NAMESPACE}">{_content(content)}</{root}>'
    return WsgiResponse(200, {"content-type": "application/xml"}, text.encode())


def flag(value: bool) -> str:
    """Return a boolean as XML writes it."""
    return "true" if value else "false"


def _content(content: str | Sequence[XmlElement]) -> str:
    if isinstance(content, str):
        # As S3 does: XML 1.0 has no reference to most controls, so that a parser refuses the
        # document, and never reads another key. Who wants such keys asks for encoding-type=url.
        return _REFERENCED.sub(lambda found: f"&#{ord(found[0])};", escape(content))
    return "".join(f"<{name}>{_content(inner)}</{name}>" for name, inner in content)
