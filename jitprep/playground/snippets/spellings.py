"""A pipeline as production spells it: documents, an access point's payload, a mount, presets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jitprep.playground.snippets.snippet import Snippet
from jitprep.playground.snippets.target import Target
from jitprep.playground.snippets.toml import toml_key, toml_value

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline

_PRESET = "mine"


def spellings(pipeline: AnyPipeline, target: Target) -> Iterator[Snippet]:
    """Yield the three spellings, and what contains one."""
    line = str(pipeline)
    yield Snippet("line", "One line", "text", line, "Every command, setting and API takes it.")
    document = json.dumps(pipeline.document, indent=2)
    yield Snippet("json", "JSON", "json", document, "The same as a document.")
    yield Snippet("toml", "TOML", "toml", _toml(pipeline.document), "The same as a TOML document.")
    yield Snippet(
        "payload",
        "Access point payload",
        "json",
        json.dumps({"spec": line}),
        "FunctionPayload of an Object Lambda access point.",
    )
    yield Snippet(
        "mount",
        "Mount",
        "toml",
        _mount(pipeline, target),
        "A table of jitprep.toml, which jitprep serve reads. Requests are signed with a key of "
        "[keys.NAME]; with anonymous = true they need none.",
    )


def preset_file(pipeline: AnyPipeline, text: str, presets: Mapping[str, Any]) -> dict[str, str]:
    """Return a file of presets with the page's own and this one, and its name.

    JITPREP_PRESETS reads it in place of the presets that ship, so it has them too.
    """
    line = str(pipeline)
    named = text.strip()
    name = named if presets.get(named) == line else _PRESET
    lines = [
        "# JITPREP_PRESETS names this file. Access points and requests name a preset.",
        f"default = {toml_value(name)}",
        "",
        "[presets]",
        *(f"{toml_key(key)} = {toml_value(of)}" for key, of in {**presets, name: line}.items()),
    ]
    return {"filename": "presets.toml", "text": "\n".join(lines) + "\n"}


def _toml(document: Mapping[str, Any]) -> str:
    """Return a document with one step a line."""
    lines = []
    for key, value in document.items():
        if key == "steps":
            lines += ["steps = [", *(f"  {toml_value(step)}," for step in value), "]"]
        else:
            lines.append(f"{key} = {toml_value(value)}")
    return "\n".join(lines) + "\n"


def _mount(pipeline: AnyPipeline, target: Target) -> str:
    lines = [
        f"[mounts.{toml_key(target.mount)}]",
        f"source = {toml_value(target.source)}",
        f"pipeline = {toml_value(str(pipeline))}",
    ]
    if target.endpoint is not None:
        lines.append(f"endpoint = {toml_value(target.endpoint)}")
    if pipeline.random:
        lines.append('overrides = ["seed"]')
    return "\n".join(lines) + "\n"
