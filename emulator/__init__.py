"""S3 Object Lambda on a laptop: S3, S3 Control, the data plane and Lambda on one URL."""

from emulator.config import EndpointConfig, EndpointError
from emulator.server import Endpoint

__all__ = ["Endpoint", "EndpointConfig", "EndpointError"]
