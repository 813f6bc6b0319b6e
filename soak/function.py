"""Our handler, which also writes each used token to a file for `soak.load.token_replay`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from handler import app


def lambda_handler(event: Any, context: Any) -> Any:
    """Answer the event, then write its route and token down."""
    try:
        return app.lambda_handler(event, context)
    finally:
        if "getObjectContext" in event:
            given = event["getObjectContext"]
            with Path(os.environ["SOAK_TOKENS"]).open("a") as notes:
                notes.write(f"{given['outputRoute']} {given['outputToken']}\n")
