"""S3 Object Lambda on a laptop: S3, S3 Control, the data plane and Lambda on one URL.

To follow a read through the files: `app` and `routing` find who answers, and `verification`
whether the request, `received` as it was sent, bears the right `signature`; `data_plane` asks
`actions` what is read, makes the event of `events` and, for a GetObject, opens a ticket of
`exchange`; `functions`, with `local_function` and `worker`, or `containers`, run the function;
`runtime_api` is how a worker takes the event. What the function writes comes in by
`write_get_object_response`, which redeems the ticket, and goes out by `reply_response`; what it
returns, for HEAD and LIST, is read by `returned` and `listing`. Bodies wait for their readers in
`spool`, events for containers in `pool`. All that can fail is in `s3_errors`, and what is not
served in `unserved`. A function's URL is answered by `function_url`, which makes the event of
`function_url_event` and reads what comes back by `function_url_reply`. Jobs of S3 Batch Operations
come in by `jobs_control`; `jobs_run` runs them, task by task (`jobs_task`), and `jobs_files` reads
and writes their files. `server` and `service` start it all, `s3_control` and `access_points` keep
what was configured. The S3 inside is `store`, in a process of its own: `moto_process` starts
`moto_child`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jitprep.emulator.config import EndpointConfig, EndpointError

if TYPE_CHECKING:
    from jitprep.emulator.server import Endpoint

__all__ = ["Endpoint", "EndpointConfig", "EndpointError"]


def __getattr__(name: str) -> Any:
    # pytest imports this package for its fixture in every run; the server only loads when used.
    if name == "Endpoint":
        return import_module("jitprep.emulator.server").Endpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
