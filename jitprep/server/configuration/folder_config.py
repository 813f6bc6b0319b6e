"""The configuration of a folder that is served without one."""

from __future__ import annotations

import json
from pathlib import Path

from jitprep.service.s3_names import as_mount_name

_FILE = "jitprep.toml"


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
    return as_mount_name(source.resolve().name)
