"""The images, built once from this checkout. Without Docker the tests fail; they are not skipped."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.photos import FOLDER

from .harness import docker

PHOTOS = ("rocket.jpg", "retina.jpg", "hubble_deep_field.jpg", "chelsea.png", "camera.png")


def _build(target: str) -> str:
    tag = f"jitprep-test-{target}"
    docker("build", "--target", target, "--tag", tag, ".", timeout=600)
    return tag


@pytest.fixture(scope="session")
def function_image() -> str:
    """The image that ships to Lambda."""
    return _build("function")


@pytest.fixture(scope="session")
def video_image() -> str:
    """The image with FFmpeg."""
    return _build("video")


@pytest.fixture(scope="session")
def endpoint_image() -> str:
    """The image of ``jitprep up``."""
    return _build("endpoint")


@pytest.fixture(scope="session")
def photos() -> Mapping[str, bytes]:
    """Photographs: JPEG of three sizes, PNG in colour and in gray."""
    return {name: (FOLDER / name).read_bytes() for name in PHOTOS}
