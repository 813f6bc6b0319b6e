"""The README's Python runs as it stands."""

from __future__ import annotations

import re

import pytest

from .paths import ROOT

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def block(containing: str) -> str:
    (found,) = [text for text in BLOCKS if containing in text]
    return found


@pytest.fixture
def in_a_folder_with_a_photo(tmp_path, monkeypatch, photos):
    (tmp_path / "photo.jpg").write_bytes(photos["rocket.jpg"])
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("in_a_folder_with_a_photo")
def test_the_librarys_block(capsys):
    names: dict[str, object] = {}
    exec(block("p.preview("), names)
    assert "Resample(" in capsys.readouterr().out


def test_the_spellings_are_one_value():
    import preprocessing

    readme = (ROOT / "README.md").read_text()
    line, document, python = re.search(r"Three spellings.*?```text\n(.*?)```", readme, re.DOTALL)[
        1
    ].splitlines()
    parse = preprocessing.Pipeline.parse
    names = {name: getattr(preprocessing, name) for name in preprocessing.__all__}
    assert parse(line) == parse(document) == eval(python, names)


@pytest.mark.usefixtures("in_a_folder_with_a_photo")
def test_the_clients_block(local, photos):
    from preprocessing import Pipeline

    code = block("create_access_point_for_object_lambda")
    names: dict[str, object] = {}
    exec(code.replace("http://127.0.0.1:9000", local.url), names)
    expected = Pipeline.parse("grayscale/resize:224,224/png").encode(photos["rocket.jpg"]).body
    assert names["by_alias"] == names["by_arn"] == expected
    exec(block("everything = {"), names)
    head, part = names["head"], names["part"]
    imagenet = Pipeline.parse("resize:256/center_crop:224/npy")
    whole = imagenet.encode(photos["rocket.jpg"]).body
    assert isinstance(head, dict) and isinstance(part, dict)
    assert head["ContentLength"] == len(whole)
    assert part["Body"].read() == whole[:100]
