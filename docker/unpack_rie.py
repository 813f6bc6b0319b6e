"""Extract the Runtime Interface Emulator for this machine from the aws-sam-cli wheel.

Usage: ``unpack_rie.py WHEEL_FOLDER DESTINATION``
"""

import platform
import sys
import zipfile
from pathlib import Path

SUFFIXES = {"x86_64": "x86_64", "aarch64": "arm64"}


def main(folder: str, destination: str) -> None:
    """Write the emulator's binary to `destination`, executable by all."""
    (wheel,) = Path(folder).glob("aws_sam_cli-*.whl")
    machine = platform.machine()
    if machine not in SUFFIXES:
        sys.exit(f"No Runtime Interface Emulator for {machine}; build for one of {list(SUFFIXES)}.")
    with zipfile.ZipFile(wheel) as archive:
        binary = archive.read(f"samcli/local/rapid/aws-lambda-rie-{SUFFIXES[machine]}")
    path = Path(destination)
    path.write_bytes(binary)
    path.chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
