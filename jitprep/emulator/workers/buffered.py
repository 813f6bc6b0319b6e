"""Lambda's Invoke: the whole response at once, also of a function that streams it."""

from __future__ import annotations

from jitprep.emulator.workers.function import (
    Function,
    InvocationOutcome,
    Returned,
    Streamed,
    StreamFailed,
    too_large,
)

# Lambda's limit: 6 MB, and the envelope around them.
LARGEST_RESPONSE = 6_291_556


async def invoke_buffered(function: Function, payload: bytes, request_id: str) -> InvocationOutcome:
    """Run the function on one event; collect what it streams."""
    outcome = await function.invoke(payload, request_id)
    return await _collect(outcome) if isinstance(outcome, Streamed) else outcome


async def _collect(streamed: Streamed) -> InvocationOutcome:
    collected = bytearray()
    try:
        async for chunk in streamed.body:
            collected += chunk
            if len(collected) > LARGEST_RESPONSE:
                return too_large(LARGEST_RESPONSE)
    except StreamFailed as failed:
        return failed.outcome
    finally:
        streamed.body.close()
    return Returned(bytes(collected), streamed.content_type)
