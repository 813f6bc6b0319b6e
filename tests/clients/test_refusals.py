"""What clients make of the server's listings and refusals: all keys, none that is missing, no writes."""

from __future__ import annotations

import pytest

from .matrix import CLIENTS, Call
from .served import MANY

# What the client says of a key that is not there, and of a write.
SAID = {
    "boto3": ("NoSuchKey", "MethodNotAllowed"),
    "awscli": ("404", "MethodNotAllowed"),
    "s3fs": ("FileNotFoundError", "PermissionError"),
    "smart_open": ("OSError", "MethodNotAllowed"),
    "pyarrow": ("FileNotFoundError", "405"),
    "s3torchconnector": ("S3Exception", "405"),
    "obstore": ("NotFoundError", "405"),
    "duckdb": ("404", "405"),
    "rclone": ("exit status 9", "MethodNotAllowed"),
}
LIST_NOTHING = ("smart_open",)


@pytest.mark.parametrize("client", [client.name for client in CLIENTS])
def test_a_client_lists_all_keys_and_reports_what_is_refused(served, tmp_path, client):
    done, lines = served.run(
        Call(client, "limits", ""), [served.job("folder-fixed", "many")], tmp_path
    )
    assert done.reads is not None, done.error
    (said,) = done.reads
    missing, refused = SAID[client]
    assert missing in said["missing"]["error"]
    assert refused in said["written"]["error"]
    if client not in LIST_NOTHING:
        assert said["keys"]["size"] == MANY
        assert sum(line.key is None for line in lines) >= 3
