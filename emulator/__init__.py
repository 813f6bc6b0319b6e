"""S3 Object Lambda on a laptop: S3, S3 Control, the data plane and Lambda on one URL."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emulator.config import EndpointConfig, EndpointError

if TYPE_CHECKING:
    from emulator.server import Endpoint

__all__ = ["Endpoint", "EndpointConfig", "EndpointError"]


def __getattr__(name: str) -> Any:
    # pytest imports this package for its fixture in every run; the server only loads when used.
    if name == "Endpoint":
        return import_module("emulator.server").Endpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
