"""The head of an answer is read whole or not at all, whatever the order of its headers."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from jitprep.service.http.whole_heads import take_whole_heads
from jitprep.service.source.response_heads import ObjectHead

HEAD = (
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 7\r\nx-amz-meta-jitprep-mark: m\r\n'
    b"x-amz-meta-owner: o\r\n\r\n"
)


@pytest.fixture
def server():
    """A server that answers each connection with the next of ``answers``."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers: list[bytes] = []

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                if not connection.recv(65536):
                    return
                connection.sendall(answers.pop(0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], answers
    socket.create_connection(listener.getsockname()).close()
    thread.join()
    listener.close()


def test_a_truncated_head_is_not_an_answer(server):
    port, answers = server
    take_whole_heads()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    # The last cut is behind the first byte of the empty line.
    for end in range(len(HEAD)):
        answers.append(HEAD[:end])
        with pytest.raises(BotoCoreError):
            client.head_object(Bucket="b", Key="k")
    answers.append(HEAD)
    assert client.head_object(Bucket="b", Key="k")["Metadata"] == {
        "jitprep-mark": "m",
        "owner": "o",
    }


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({"ETag": '"a"'}, '"a"'),
        ({"ETag": '"a"', "Content-Encoding": "gzip"}, '"a" gzip'),  # other bytes are decoded
        ({"ETag": 'W/"a"'}, None),
        ({}, None),
    ],
)
def test_a_version_is_what_no_other_bytes_have(headers, version):
    assert ObjectHead.of(headers).version == version


def test_a_state_takes_the_place_of_the_etag():
    head = ObjectHead.of({"ETag": '"a"'})
    assert replace(head, state="1-2-3").version == "1-2-3"
    assert replace(head, state="").version is None
