"""S3 Object Lambda on a laptop: S3, S3 Control, the data plane and Lambda on one URL.

A read passes through these files, in order:

1. `app` receives the request. `routing` finds the part that answers it, by an ordered table of
   matchers, and `jitprep.sigv4` verifies the signature.
2. `data_plane.dispatch` decides what is read (`actions`), builds the function's event (`events`)
   and, for a GetObject, registers a response that is pending (`pending_responses`).
3. `workers` run the function: `local_function` in processes of this machine, which take their
   events from `runtime_api`, or `container_function` in containers. What a function streams passes
   through `workers.streams`, chunk by chunk.
4. What the function writes arrives in `write_get_object_response`, waits in a `spool`, and leaves
   by `reply_response`. What it returns, for HEAD and LIST, is parsed by `function_result`.

The other rooms: `control` has S3 Control's calls for access points, `jobs` S3 Batch Operations,
`function_url` the functions' URLs, and `store` the S3 behind the endpoint, which `store_process`
starts as a process of its own. `server` and `service` start everything; `s3_errors`, `s3_xml` and
`unimplemented` hold the responses that the rooms share. Tests use `testing` and `pytest_plugin`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jitprep.emulator.config import EndpointConfig, EndpointError

if TYPE_CHECKING:
    from jitprep.emulator.server import Endpoint

__all__ = ["Endpoint", "EndpointConfig", "EndpointError"]


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run; the server is imported only when it is used.
    if name == "Endpoint":
        return import_module("jitprep.emulator.server").Endpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
