"""Write the licences of the packages in a folder: ``python licences.py FOLDER``.

The result is ``FOLDER/THIRD-PARTY-LICENSES``. The images are built with this script, so it imports only
the standard library.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

# Licences of native libraries that wheels bundle and do not describe in their metadata. The list has
# those that ask more of a distributor than a notice.
COPYLEFT = {
    "libasound": "LGPL-2.1-or-later",
    "libavcodec": "LGPL-3.0-or-later",
    "libavdevice": "LGPL-3.0-or-later",
    "libavfilter": "LGPL-3.0-or-later",
    "libavformat": "LGPL-3.0-or-later",
    "libavutil": "LGPL-3.0-or-later",
    "libgfortran": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libgmp": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libgnutls": "LGPL-2.1-or-later",
    "libhogweed": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libmp3lame": "LGPL-2.0-or-later",
    "libnettle": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libquadmath": "LGPL-2.0-or-later",
    "libsndfile": "LGPL-2.1-or-later",
    "libswresample": "LGPL-3.0-or-later",
    "libswscale": "LGPL-3.0-or-later",
    "libunistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libx264": "GPL-2.0-or-later",
    "libx265": "GPL-2.0-or-later",
}
_LIBRARY = re.compile(
    r"(lib[\w+-]+?)((_(x86_64|arm64|aarch64))?|(-[0-9a-f]{8})*)\.(so|dylib)", re.ASCII
)
_TEXT = re.compile(r"(LICEN[CS]E|COPYING|NOTICE)", re.IGNORECASE)
_APPROVED = "License :: OSI Approved :: "
_HEAD = """\
Licences of the third-party packages in this folder, from the metadata of each package.

Wheels bundle native libraries. Those under the GPL or the LGPL are listed with their package; the
texts of these licences are in /usr/share/common-licenses of a Debian system. The licences of the
base image are in /usr/share/doc. The Lambda Runtime Interface Emulator (aws-lambda-rie) is under
Apache-2.0.
"""
_GPL = """
This folder holds x264 and x265, which are under the GNU General Public License, version 2 or later.
They are in the wheel of PyAV, whose FFmpeg is linked against them. If you distribute this image,
follow the GPL for it, or build it with a PyAV that was compiled without them. The build scripts of
that FFmpeg and links to the sources are at https://github.com/PyAV-Org/pyav-ffmpeg.
"""


class Package(NamedTuple):
    """What an installed package says about its licence.

    Parameters
    ----------
    name, version, licence, home : str
        From its metadata.
    libraries : tuple of str
        Names of the native libraries that it bundles, without versions.
    texts : tuple of pathlib.Path
        Its licence files.
    """

    name: str
    version: str
    licence: str
    home: str
    libraries: tuple[str, ...]
    texts: tuple[Path, ...]


def describe(distribution: Distribution) -> Package:
    """Return what the metadata and the files of an installed package say."""
    metadata = distribution.metadata
    files = [Path(str(file.locate())) for file in distribution.files or ()]
    present = [path for path in files if path.is_file()]
    libraries = {found[1] for path in present if (found := _LIBRARY.match(path.name))}
    texts = [path for path in present if ".dist-info" in str(path) and _TEXT.match(path.name)]
    urls = metadata.get_all("Project-URL") or []
    homes = [metadata.get("Home-page"), *(url.partition(",")[2].strip() for url in urls)]
    return Package(
        metadata["Name"],
        distribution.version,
        _licence(distribution),
        next(filter(None, homes), ""),
        tuple(sorted(libraries)),
        tuple(sorted(texts)),
    )


def _licence(distribution: Distribution) -> str:
    """Return the licence: the SPDX expression, or else the classifiers, or else the free text."""
    metadata = distribution.metadata
    classifiers = metadata.get_all("Classifier") or []
    approved = [each.removeprefix(_APPROVED) for each in classifiers if each.startswith(_APPROVED)]
    free = (metadata.get("License") or "").strip()
    licence = metadata.get("License-Expression") or " or ".join(approved) or free.partition("\n")[0]
    if not licence:
        message = f"The metadata of {metadata['Name']} names no licence."
        raise ValueError(message)
    return str(licence)


def notices(packages: Iterable[Package]) -> str:
    """Return the text of THIRD-PARTY-LICENSES."""
    found = sorted(packages, key=lambda package: package.name.lower())
    parts = [_HEAD]
    if any({"libx264", "libx265"} & set(package.libraries) for package in found):
        parts.append(_GPL)
    parts += map(_entry, found)
    return "\n".join(parts)


def _entry(package: Package) -> str:
    lines = [
        "=" * 80,
        f"{package.name} {package.version}",
        f"Licence: {package.licence}",
        *([f"Home: {package.home}"] if package.home else []),
        *(
            f"Bundles {library}: {COPYLEFT[library]}"
            for library in package.libraries
            if library in COPYLEFT
        ),
    ]
    for path in package.texts:
        lines += ["-" * 80, path.read_text(encoding="utf-8", errors="replace").strip()]
    return "\n".join(lines) + "\n"


def main(folder: str) -> None:
    """Write ``THIRD-PARTY-LICENSES`` into the folder."""
    found = map(describe, distributions(path=[folder]))
    Path(folder, "THIRD-PARTY-LICENSES").write_text(notices(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
