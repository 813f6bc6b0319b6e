"""TLS: certificates are verified, with the bundle that AWS's SDKs are configured with."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from jitprep.reader import Unavailable, open_reader
from jitprep.reader.transport import aws

from ...certificates import write_certificate
from ..conftest import Web
from ..test_web import GOOD, ROWS

_BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Return a file of a key and of its certificate for this machine, signed by itself."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def tls(web: Web, certificate: Path, monkeypatch) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for variable in _BUNDLES:
        monkeypatch.delenv(variable, raising=False)
    server = web.server
    server.socket = context.wrap_socket(server.socket, server_side=True)
    aws.forget()
    yield f"https://localhost:{server.server_address[1]}"
    aws.forget()


@pytest.mark.parametrize("variable", _BUNDLES)
def test_the_configured_bundle_is_trusted(tls, web, certificate, monkeypatch, variable):
    monkeypatch.setenv(variable, str(certificate))
    web.answers = [GOOD]
    reader = open_reader("s3://crops-x1--ol-s3", endpoint_url=tls, seed=3)
    np.testing.assert_array_equal(reader.get("a"), ROWS, strict=True)
    assert web.asked[0].headers["x-jitprep-seed"] == "3"


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("address", ["s3://crops-x1--ol-s3", "{}/photos"])
def test_no_other_certificate_is_trusted(tls, web, address):
    web.answers = [GOOD]
    options = {"endpoint_url": tls} if address.startswith("s3") else {}
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        open_reader(address.format(tls), **options).get("a")
    assert web.asked == []
