"""``POST copy``: a pipeline as each way to run it spells it, for the source that is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jitprep.playground.asks import PipelineAsk, SourceAsk, seed_of
from jitprep.playground.page_server import PAGE_PATH
from jitprep.playground.pipelines import effective
from jitprep.playground.snippets.code import python_code
from jitprep.playground.snippets.commands import clients, commands, read_command
from jitprep.playground.snippets.snippet import Snippet
from jitprep.playground.snippets.spellings import preset_file, spellings
from jitprep.playground.snippets.target import Target
from preprocessing import Pipeline
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground
    from preprocessing.pipeline import AnyPipeline


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be copied. The source may be null; an example takes its place.

    Raises
    ------
    SpecError, AskRefused
    """
    ask = PipelineAsk.of(asked)
    seed = seed_of(asked.get("seed", 0))
    source = None if asked.get("source") is None else SourceAsk.of(asked["source"])
    pipeline = effective(playground, ask.pipeline, ask.off)
    kind = pipeline.kind if isinstance(pipeline, Pipeline) else "shard"
    target = Target.of(playground, source, kind)
    snippets = [*_snippets(pipeline, target, seed), _link(ask, source, seed)]
    return {
        "snippets": snippets,
        "preset": preset_file(pipeline, ask.pipeline, playground.presets),
    }


def _snippets(pipeline: AnyPipeline, target: Target, seed: int) -> Iterator[Snippet]:
    yield from spellings(pipeline, target)
    yield from python_code(pipeline, target, seed)
    if target.whole:
        yield from clients(pipeline, target, seed)
    if isinstance(pipeline, Pipeline):
        yield from commands(pipeline, target, seed)
        if not isinstance(pipeline.result, SectionsSpec):
            yield read_command(pipeline, target)


def _link(ask: PipelineAsk, source: SourceAsk | None, seed: int) -> Snippet:
    """Return the page's URL, as the page reads it."""
    given = source or SourceAsk()
    query = {
        "place": given.place,
        "key": given.key,
        "upload": given.upload,
        "member": given.member,
        "pipeline": ask.pipeline,
        "seed": str(seed) if seed else "",
        "off": ",".join(map(str, ask.off)),
    }
    found = {name: value for name, value in query.items() if value}
    text = f"{PAGE_PATH}/?{urlencode(found, quote_via=quote, errors='replace')}"
    about = "Opens this view while the page is served. A dropped file is gone when that ends."
    return Snippet("play", "Link", "url", text, about)
