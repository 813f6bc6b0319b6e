"""The configuration of a folder that is served without one."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jitprep.server.routing import OPERATIONS
from jitprep.service.s3_names import BUCKET_NAME

_FILE = "jitprep.toml"
_FALLBACK = "files"


def folder_config(source: Path, pipeline: str | None, into: Path) -> Path:
    """Write a configuration with one anonymous mount, named for the folder, and return its path.

    Raises
    ------
    ValueError
        Where the folder does not exist, or no pipeline is given.
    """
    if not source.exists():
        raise ValueError(f"there is no folder {source}")
    if not source.is_dir():
        raise ValueError(f"{source} is not a folder; serve the folder that it is in")
    if pipeline is None:
        raise ValueError("name a pipeline: jitprep serve FOLDER --pipeline imagenet-uint8")
    name = mount_name(source)
    lines = (
        f"[mounts.{name}]",
        # JSON's strings are TOML's.
        f"source = {json.dumps(str(source.resolve()))}",
        f"pipeline = {json.dumps(pipeline)}",
        'overrides = ["pipeline", "seed"]',
        "anonymous = true",
    )
    path = into / _FILE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def mount_name(source: Path) -> str:
    """Return a folder's name as a bucket may be named."""
    name = re.sub(r"[^a-z0-9]+", "-", source.resolve().name.lower()).strip("-")
    return name if BUCKET_NAME.fullmatch(name) and name not in OPERATIONS else _FALLBACK
