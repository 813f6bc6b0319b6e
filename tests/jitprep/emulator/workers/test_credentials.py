"""Temporary credentials sign requests to the S3 behind, and reach the workers."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from jitprep.emulator import EndpointConfig
from jitprep.emulator.data_plane.s3_client import Signer
from jitprep.emulator.workers.local_function import worker_command


@pytest.mark.parametrize("token", [None, "a+token=="])
def test_a_session_token_accompanies_its_access_key(token):
    config = EndpointConfig(access_key="key", secret_key="secret", session_token=token)
    env = worker_command(config, "http://endpoint").env
    assert (env["AWS_ACCESS_KEY_ID"], env.get("AWS_SESSION_TOKEN")) == ("key", token)
    signer = Signer("key", "secret", token, "us-east-1", 60)
    query = parse_qs(urlsplit(signer.presign("GET", "http://s3/bucket/k", [], {})).query)
    assert query.get("X-Amz-Security-Token", [None]) == [token]
    assert signer.sign("http://s3/bucket", {}).get("X-Amz-Security-Token") == token


def test_secrets_are_not_shown():
    config = EndpointConfig(secret_key="secret-one", session_token="secret-two")
    assert "secret-" not in repr(config)
