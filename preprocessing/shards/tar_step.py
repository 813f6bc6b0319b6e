"""`Tar`: the first word of a pipeline for shards, ``tar:on_bad=skip/resize:256/npy``."""

from __future__ import annotations

from typing import ClassVar, Literal

from preprocessing.frozen import frozen
from preprocessing.spec.step import StepBase, require

_FORMATS = frozenset({"xyxy", "xywh", "cxcywh"})


@frozen
class Tar(StepBase):
    """A tar archive of samples, each transformed by the rest of the pipeline.

    Members of the pipeline's kind, which their content tells, are transformed and renamed: ``a.jpg``
    becomes ``a.npy``. All others pass unchanged, and the order is kept.

    Parameters
    ----------
    on_bad : {"fail", "skip"}
        What a sample does that cannot be transformed: it ends the archive with an error, or is left out
        with all of its members. The archive then ends with ``__jitprep__/skipped.json``, which counts
        and names such samples, and which WebDataset skips.
    members : tuple of str
        Extensions of the members to transform, such as ``txt`` or ``left.png``. By default the content
        decides. Text needs them, because labels are text too.
    boxes : tuple of str
        Extension of the JSON with an image's boxes, their place in it, and their format, ``xyxy`` by
        default: ``json,annotations.bbox,xywh``. They are moved as the pixels, and a field of the same
        name and ``_keep`` says which are still to be seen.
    mask : str
        Extension of an image's mask of class ids, such as ``png``. It is moved as the pixels, by
        nearest neighbours and with 0 outside the image, and written as a gray PNG.
    """

    name: ClassVar[str] = "tar"
    on_bad: Literal["fail", "skip"] = "fail"
    members: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    mask: str = ""

    def check(self) -> None:
        """Refuse extensions that no member can have, and boxes without a place."""
        named = [("members", one) for one in self.members] + [
            ("boxes", one) for one in self.boxes[:1]
        ]
        for field, extension in [*named, *([("mask", self.mask)] if self.mask else [])]:
            require(
                bool(extension) and not extension.startswith(".") and "/" not in extension,
                f"{field}: write an extension without its first dot, such as jpg, got {extension!r}",
            )
            require(
                extension == extension.lower(),
                f"{field}: write the extension in lower case, got {extension!r}",
            )
        require(
            len(self.boxes) in (0, 2, 3) and set(self.boxes[2:]) <= _FORMATS,
            "boxes: write an extension, the place in its JSON, and perhaps xyxy, xywh or cxcywh, such "
            f"as json,bbox,xywh, got {','.join(self.boxes)!r}",
        )
