"""The cost, as the command line says it."""

from __future__ import annotations

import json
import shlex
import threading

import pytest
from typer.testing import CliRunner

from jitprep.cli.commands import app
from jitprep.playground.answers import cost
from preprocessing.cancellation import Cancelled, Signal, cancellable
from tests.photos import photo

from ..browser import Browser
from ..material import playground


@pytest.fixture
def folder(tmp_path):
    for name in ("rocket", "coffee"):
        (tmp_path / f"{name}.jpg").write_bytes(photo(name))
    return tmp_path


def asked(**given):
    source = {"place": "photos", "key": "rocket.jpg"}
    return {"source": source, "pipeline": "imagenet", "gpu": "p4d.24xlarge", **given}


def test_the_page_says_what_its_command_prints(folder):
    made = playground(folder)
    found = Browser(made).post("cost", asked(train_ms=2.5, objects=2_000_000, epochs=90)).json()
    words = shlex.split(found["command"])
    assert words[:3] == ["jitprep", "cost", str(folder / "rocket.jpg")]
    done = CliRunner().invoke(app, [*words[1:], "--json"])
    estimate = json.loads(done.stdout)
    assert estimate["plan"]["objects"] == 2_000_000
    assert (estimate["plan"]["epochs"], estimate["plan"]["train_ms"]) == (90, 2.5)
    assert estimate["plan"]["gpu"] == "p4d.24xlarge"
    assert estimate["pipeline"] == "resize:256/center_crop:224/normalize:imagenet/npy"
    ways = [way["name"] for way in estimate["ways"] if "usd" in way]
    assert [row[0] for row in found["rows"]] == [row[0] for row in found["paid_rows"]] == ways
    assert len(found["answer"]) == 2
    assert all(len(row) == len(found["header"]) for row in found["rows"])
    assert "p4d.24xlarge" in found["gpus"]
    plot = made.desk.get(found["plot"])
    assert plot.content_type == "image/svg+xml"
    assert plot.body.startswith(b"<svg ")


def test_more_objects_of_a_prefix_are_measured(folder):
    found = Browser(playground(folder)).post("cost", asked(prefix="")).json()
    assert "2 samples measured" in " ".join(found["assumptions"])
    assert str(folder / "coffee.jpg") in found["command"]


def test_an_upload_is_measured_by_its_bytes():
    client = Browser()
    upload = client.ask("POST", "/_play/api/uploads?name=-a/b.jpg", content=photo("rocket")).json()
    found = client.post("cost", asked(source={"upload": upload["upload"]})).json()
    assert shlex.split(found["command"])[2] == "./b.jpg"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gpu": "abacus"}, "no price for abacus"),
        ({"objects": 0}, "objects must be"),
        ({"epochs": 10**7}, "epochs must be"),
        ({"train_ms": -1}, "train_ms must be"),
        ({"train_ms": "1"}, "train_ms must be"),
        ({"train_ms": True}, "train_ms must be"),
        ({"pipeline": "log_mel/npy"}, ""),
        ({"pipeline": "tar/npy"}, "members"),
    ],
)
def test_a_wrong_question_is_refused(folder, wrong, message):
    answer = Browser(playground(folder)).post("cost", asked(**wrong))
    assert answer.status_code in {400, 422}
    assert message in answer.json()["error"]["message"]


def test_cancelling_ends_the_measurement(folder):
    signal = Signal()
    threading.Timer(0.1, signal.cancel).start()
    with cancellable(signal), pytest.raises(Cancelled):
        cost.answer(playground(folder), asked())


def test_an_error_names_the_source_and_no_temporary_file(folder):
    (folder / "broken.jpg").write_bytes(photo("rocket")[:200])
    answer = Browser(playground(folder)).post(
        "cost", asked(source={"place": "photos", "key": "broken.jpg"})
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("broken.jpg: ")
