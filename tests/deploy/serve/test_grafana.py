"""deploy/grafana.json: it shows every metric of the server, by labels that the metric has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy import stack

DASHBOARD = json.loads(stack.PATH.with_name("grafana.json").read_text(encoding="utf-8"))
PANELS = DASHBOARD["panels"]
# The metrics of `jitprep serve`, and their labels.
METRICS = {
    "jitprep_requests_total": {"mount", "door", "status"},
    "jitprep_errors_total": {"code"},
    "jitprep_source_bytes_total": {"mount"},
    "jitprep_sent_bytes_total": {"mount"},
    "jitprep_cache_total": {"outcome"},
    "jitprep_rows_total": {"mount", "outcome"},
    "jitprep_stage_seconds_bucket": {"stage", "le"},
    "jitprep_requests_under_way": set[str](),
}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def expressions() -> Iterator[str]:
    for panel in PANELS:
        yield from (target["expr"] for target in panel["targets"])
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def test_every_metric_is_shown_and_no_other() -> None:
    shown = {name for text in expressions() for name in re.findall(r"jitprep_\w+", text)}
    assert shown == METRICS.keys()


@pytest.mark.parametrize("text", list(expressions()))
def test_labels_are_of_the_metric(text: str) -> None:
    known = set[str].intersection(*(METRICS[it] for it in re.findall(r"jitprep_\w+", text)))
    used = {one for it in re.findall(r"by \(([^)]*)\)", text) for one in it.split(", ")}
    used |= set(re.findall(r"(\w+)=~?\"", text))
    used |= set(re.findall(r"label_values\(\w+, (\w+)\)", text))
    assert used <= known
    assert text.count("(") == text.count(")")


@pytest.mark.parametrize("text", list(expressions()))
def test_counters_are_shown_as_rates_that_no_restart_disturbs(text: str) -> None:
    counters = re.findall(r"jitprep_\w+_(?:total|bucket)(?:\{[^}]*\})?(\S*)", text)
    if not text.startswith("label_values"):
        assert all(it.startswith("[$__rate_interval]") for it in counters)
        assert text.count("rate(") == len(counters)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_legends_name_labels_that_are_kept(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        kept = re.findall(r"by \(([^)]*)\)", target["expr"])
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert label in kept[0].split(", ")


def test_the_source_of_data_is_chosen_in_the_dashboard() -> None:
    variables = {it["name"]: it for it in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    places = [*PANELS, *(target for panel in PANELS for target in panel["targets"])]
    assert all(it["datasource"] == SOURCE for it in [*places, variables["mount"]])
    used = {name for text in expressions() for name in re.findall(r"\$([a-z]\w*)", text)}
    assert used | {"datasource"} == variables.keys()


def test_panels_do_not_overlap() -> None:
    cells = [
        (it["gridPos"]["x"] + i, it["gridPos"]["y"] + j)
        for it in PANELS
        for i in range(it["gridPos"]["w"])
        for j in range(it["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({it["id"] for it in PANELS}) == len(PANELS)
