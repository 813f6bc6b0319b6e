"""Which pipeline runs: the client's preset, the access point's payload, or the default preset."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jitprep.service.config import Policy, config
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import PipelineChoice
from preprocessing import Pipeline, SpecError, parse_pipeline

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline
_KEYS = ("pipeline", "spec")


def require_overrides_allowed(choice: PipelineChoice, policy: Policy) -> None:
    """Raise RequestFailed, ``OverrideNotAllowed``, unless the operator allows what the client chose.

    It is refused rather than ignored: a seed that is ignored would repeat the same crops in every epoch.
    """
    for name in sorted(choice.overrides - policy.overrides):
        raise RequestFailed(
            400,
            "OverrideNotAllowed",
            f"requests may not choose their {name} here; leave it out, or let the operator add "
            f"{name} to the overrides (a function's JITPREP_REQUEST_OVERRIDES, a mount's overrides)",
        )


def require_single_objects(pipeline: AnyPipeline) -> Pipeline:
    """Return the pipeline. Raise RequestFailed, ``InvalidPipeline``, for one that takes shards."""
    if not isinstance(pipeline, Pipeline):
        raise _invalid(
            "a shard has no row in a batch; read shards one by one, or leave tar/ out of the pipeline"
        )
    return pipeline


@lru_cache(maxsize=64)
def choose(payload: str, preset: str | None) -> AnyPipeline:
    """Return the pipeline that an access point's payload, an invocation, or the client asks for.

    Parameters
    ----------
    payload : str
        Empty for the default preset; or JSON, ``{"pipeline": "<preset name>"}``, or ``{"spec": ...}``
        with a pipeline in any spelling.
    preset : str, optional
        What the client asks for; it overrides the payload.

    Raises
    ------
    RequestFailed
        ``InvalidPipeline`` or ``UnknownPipeline``.
    """
    if preset is not None:
        return _preset(preset)
    if not payload.strip():
        return _preset(config().default_preset)
    key, value = _read(payload)
    if key == "pipeline":
        return _preset(value, ", or give a spec instead")
    return _parse(value, "the spec")


def _read(payload: str) -> tuple[str, Any]:
    try:
        table = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"the access point's payload is not JSON: {error}") from None
    if not isinstance(table, dict) or len(table) != 1 or next(iter(table)) not in _KEYS:
        raise _invalid(
            'the access point\'s payload must be {"pipeline": "<preset name>"} or {"spec": "<pipeline>"}'
        )
    ((key, value),) = table.items()
    return key, value


def _preset(name: object, otherwise: str = "") -> AnyPipeline:
    presets = config().presets
    if not isinstance(name, str) or name not in presets:
        raise RequestFailed(
            400,
            "UnknownPipeline",
            f"no preset is named {name!r}; choose from {', '.join(sorted(presets))}{otherwise}",
        )
    return _parse(presets[name], f"the preset {name!r}")


def _parse(spec: Any, what: str) -> AnyPipeline:
    if not isinstance(spec, str | dict):
        raise _invalid(f"{what} must be one line of text or a document, got {spec!r}")
    try:
        return parse_pipeline(spec)
    except SpecError as error:
        raise _invalid(f"{what}: {error}") from None


def _invalid(message: str) -> RequestFailed:
    return RequestFailed(400, "InvalidPipeline", message)
