"""The costs in the pages follow from the stored measurements."""

from __future__ import annotations

import json
import re

import pytest

from jitprep.cli.commands import load_command
from jitprep.costs.answers.verdict import decide, two_sentences
from jitprep.costs.estimate import from_json, to_json
from tools.cost_page import CASES, FOLDER, pages

KEPT = {name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in CASES}


def against_remote(name: str) -> str | None:
    return decide(from_json(KEPT[name])).against_remote


def test_the_tables_and_the_pictures_are_current() -> None:
    """`make cost-page` measures, and `python -m tools.cost_page` writes the pages again."""
    made = pages()
    assert {path.name for path in made} == {"README.md", "model.md", "epochs.svg", "places.svg"}
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path


@pytest.mark.parametrize("name", CASES)
def test_the_figures_follow_from_what_was_measured(name: str) -> None:
    """A changed formula requires new dollars in the stored estimate."""
    kept, estimate = KEPT[name], from_json(KEPT[name])
    anew = json.loads(json.dumps(to_json(estimate)))
    assert anew.keys() | {"answer"} == kept.keys()
    for old, new in zip(kept["ways"], anew["ways"], strict=True):
        assert new.get("usd") == pytest.approx(old.get("usd"))
        assert new.get("ms") == old.get("ms")
    assert kept["answer"] == list(two_sentences(estimate, decide(estimate)))


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_that_of_its_command(name: str) -> None:
    plan = from_json(KEPT[name]).plan
    options = dict(re.findall(r"--([a-z-]+) (\S+)", CASES[name].options))
    assert float(options["train-ms"]) == plan.train_ms
    assert float(options["objects"]) == plan.objects
    assert int(options["epochs"]) == plan.epochs
    assert options.get("gpu", "g5.xlarge") == plan.gpu
    for word in (CASES[name].options, *CASES[name].samples):
        assert " ".join(word.split()) in " ".join(
            (FOLDER / "model.md").read_text(encoding="utf-8").replace("\\\n", " ").split()
        )


def test_two_cases_should_not_prepare_remotely_and_one_should() -> None:
    assert against_remote("keeps-up") == "your host keeps up"
    assert against_remote("fast-training") == "stored results cost less"
    assert against_remote("random-video") is None


def test_the_page_names_only_existing_options() -> None:
    page = (FOLDER / "model.md").read_text(encoding="utf-8")
    options = {option for parameter in load_command("cost").params for option in parameter.opts}
    ours = re.sub(r"`python -m [^`]+`", "", page)  # benchmarks have options of their own
    assert set(re.findall(r"--[a-z0-9-]+[a-z0-9]", ours)) <= options
