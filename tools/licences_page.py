"""Write `docs/licences.md`: the licences of what the images bundle. Run by ``make licences``."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

from tools.licences import COPYLEFT, Package, describe

ROOT = Path(__file__).parents[1]
IMAGES = ("function", "video", "endpoint")
HEAD = """# Third-party licences

jitprep is under the MIT licence. The images bundle packages under licences of their own. Each image
has their names, versions and licence texts in `/opt/python/THIRD-PARTY-LICENSES`, which the build
writes from the packages' metadata. The wheel and the sdist of jitprep bundle nothing.

## The video image contains GPL code

The `video` image contains x264 and x265, which are under the GNU General Public License, version 2
or later. They come with the wheel of [PyAV](https://github.com/PyAV-Org/PyAV), whose FFmpeg is linked
against both. PyAV itself is under the BSD licence, and its FFmpeg reports LGPL version 3 or later,
so neither the metadata nor FFmpeg mentions the GPL. If you distribute the `video` image, or
software that includes it, the GPL applies. If you only run it in your own AWS account, you
distribute nothing. The `function` and `endpoint` images contain neither PyAV nor FFmpeg. This page
is not legal advice.

PyAV publishes no wheel without x264 and x265; two closed issues of its repository discuss that
([2270](https://github.com/PyAV-Org/PyAV/issues/2270),
[2408](https://github.com/PyAV-Org/PyAV/issues/2408)). The other way is to compile PyAV against an
FFmpeg of your own, configured without `--enable-gpl`, `--enable-libx264` and `--enable-libx265`:

```text
pip install av --no-binary av
```

Decoding needs neither library, because FFmpeg has decoders of its own for H.264 and H.265. The
`mp4` encoding needs x264. We have not built such an image.

## The base image

The images start from `python:3.13-slim-trixie`, whose packages are Debian's; their licences are in
`/usr/share/doc` of each image. A tag can change. To pin the base, look up its digest and pass it
on:

```text
docker buildx imagetools inspect python:3.13-slim-trixie
make image PYTHON_IMAGE=python@sha256:<digest>
```

The Dockerfile names the tag and not a digest, because the digest has not been looked up yet.

## Packages

From the metadata of the locked versions. `docker/strip.sh` removes some of these packages from the
function and video images: imageio, networkx, pycparser and tifffile. The last column has the
bundled native libraries that are under the GPL or the LGPL; the other libraries are under
permissive licences.

| package | licence | images | libraries under the GPL or the LGPL |
|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    images = {image: _locked(image) for image in IMAGES}
    names = sorted(set().union(*images.values()))
    return HEAD + "".join(
        _row(describe(distribution(name)), [each for each in IMAGES if name in images[each]])
        for name in names
    )


def _locked(image: str) -> set[str]:
    """Return the names in the lock of an image, except those of other platforms."""
    lock = (ROOT / f"requirements/{image}.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+)==\S+(.*)$", lock, re.MULTILINE)
    return {name for name, marker in pinned if "sys_platform == 'win32'" not in marker}


def _row(package: Package, images: list[str]) -> str:
    libraries = [
        f"{library} ({COPYLEFT[library]})" for library in package.libraries if library in COPYLEFT
    ]
    return (
        f"| {package.name} | {package.licence} | {', '.join(images)} | {', '.join(libraries)} |\n"
    )


if __name__ == "__main__":
    (ROOT / "docs/licences.md").write_text(page(), encoding="utf-8")
