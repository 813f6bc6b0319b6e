"""Keys that are added, replaced and removed while the server runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from ..running import Running, eventually, serving

MOUNT = '[mounts.photos]\nsource = "{}"\npipeline = "resize:8,8/npy"\n'
KEY = (
    '[keys.{0}]\naccess_key_id = "file:{1}/{0}.id"\nsecret_access_key = "file:{1}/{0}"\n'
    'mounts = ["photos"]\n'
)


class Keys:
    """The files of the keys, and who may read."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder, self.path = folder, folder / "jitprep.toml"
        self.mount = MOUNT.format(source)

    def write(self, *names: str, more: str = "") -> None:
        keys = "".join(KEY.format(name, self.folder) for name in names)
        new = self.path.with_suffix(".new")
        new.write_text(f"workers = 2\n{self.mount}{keys}{more}")
        new.replace(self.path)

    def give(self, name: str, access_key: str, secret: str) -> None:
        (self.folder / f"{name}.id").write_text(access_key)
        (self.folder / name).write_text(secret)


@pytest.fixture
def keys(tmp_path, photographs) -> Keys:
    made = Keys(tmp_path, photographs)
    for name in ("one", "two"):
        made.give(name, f"id-{name}", f"secret-{name}")
    made.write("one")
    return made


@pytest.fixture
def server(keys) -> Iterator[Running]:
    with serving(keys.folder, "--config", keys.path) as running:
        yield running


def code(server: Running, access_key: str, secret: str) -> str:
    """Return what a request is answered with."""
    try:
        server.client(access_key, secret).head_bucket(Bucket="photos")
        server.client(access_key, secret).get_object(Bucket="photos", Key="rocket.jpg")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "read"


def steadily(server: Running, pair: tuple[str, str], expected: str) -> bool:
    """Whether all workers answer so: each request is a new connection, which any of them takes."""
    return {code(server, *pair) for _ in range(8)} == {expected}


def test_a_secret_is_replaced_without_a_restart(server, keys):
    old, new = ("id-one", "secret-one"), ("id-one", "secret-new")
    assert code(server, *old) == "read"
    keys.give("one", *new)
    eventually(lambda: steadily(server, new, "read"))
    eventually(lambda: steadily(server, old, "403"))


def test_a_key_is_added_and_removed_without_a_restart(server, keys):
    one, two = (("id-one", "secret-one"), ("id-two", "secret-two"))
    keys.write("one", "two")
    eventually(lambda: steadily(server, two, "read"))
    assert code(server, *one) == "read"
    keys.write("two")
    eventually(lambda: steadily(server, one, "403"))
    assert code(server, *two) == "read"


def test_what_cannot_be_read_leaves_the_keys_as_they_are(server, keys):
    one, two = (("id-one", "secret-one"), ("id-two", "secret-two"))
    assert code(server, *one) == "read"

    def complains(of: str) -> None:
        def said() -> bool:
            assert code(server, *one) == "read"
            return of in server.errors_file.read_text()

        eventually(said)

    keys.path.write_text("[keys")
    complains("is not TOML")
    keys.write("one", more=KEY.format("x", keys.folder).replace('["photos"]', '["none"]'))
    complains("there is no mount 'none'")
    keys.path.unlink()
    complains("cannot be read")
    (keys.folder / "one").unlink()
    keys.write("one", "two")
    complains(f"{keys.folder}/one cannot be read: No such file")
    keys.give("one", "id-one", "")
    complains("is empty")
    keys.give("one", "id-one", "secret-newest")
    eventually(lambda: steadily(server, ("id-one", "secret-newest"), "read"))
    eventually(lambda: steadily(server, two, "read"))
    text = server.errors_file.read_text() + server.log_file.read_text()
    assert "secret-" not in text
    assert "Traceback" not in text
