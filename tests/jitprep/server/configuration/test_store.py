"""The settings of the store, for the server and for a mount."""

from __future__ import annotations

import pytest

from jitprep.server.configuration.settings import ServerSettings


@pytest.mark.parametrize(
    ("top", "mount", "words"),
    [
        ('store = "https://host"', "", "store: copies cannot be written to https://"),
        ('store_bytes = "1GB"', "", "store_bytes limits a store, and .* names none"),
        ("", 'store = "ftp://host"', "mounts.photos.store: copies cannot be written to ftp://"),
        ("", 'store = "FOLDER/copies"', "mounts.photos.store: .* lies within the originals"),
        ("", 'store = "s3://b"\nstore_bytes = 5', "mounts.photos.store_bytes limits a folder only"),
    ],
)
def test_a_wrong_setting_is_named(own_settings, tmp_path, top, mount, words):
    path = tmp_path / "jitprep.toml"
    path.write_text(f'{top}\n[mounts.photos]\nsource = "{tmp_path}"\npipeline = "npy"\n{mount}\n')
    path.write_text(path.read_text().replace("FOLDER", str(tmp_path)))
    own_settings.setenv("JITPREP_CONFIG", str(path))
    with pytest.raises(ValueError, match=words):
        ServerSettings.read()


def test_a_mount_has_a_store_of_its_own_or_that_of_all(own_settings, tmp_path):
    path = tmp_path / "jitprep.toml"
    (tmp_path / "photos").mkdir()
    plain = f'source = "{tmp_path}/photos"\npipeline = "npy"\n'
    path.write_text(
        f'store = "{tmp_path}/all"\nstore_bytes = "2GB"\n[mounts.one]\n{plain}[mounts.two]\n{plain}'
        f'store = "{tmp_path}/own"\n'
    )
    own_settings.setenv("JITPREP_CONFIG", str(path))
    mounts = ServerSettings.read().mounts
    found = {name: mount.policy.store for name, mount in mounts.items()}
    assert {name: (str(one), one.most_bytes) for name, one in found.items() if one} == {
        "one": (f"{tmp_path}/all", 2 * 10**9),
        "two": (f"{tmp_path}/own", None),
    }
