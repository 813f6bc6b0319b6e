"""Where results may be written: below what the operator names, and nowhere else."""

from __future__ import annotations

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.s3_names import S3Prefix

_SCHEME = "s3://"


def choose_output(to: str | None) -> S3Prefix:
    """Return where results go.

    Parameters
    ----------
    to : str, optional
        ``s3://bucket`` or ``s3://bucket/prefix``; None for the first output of the configuration.

    Raises
    ------
    RequestFailed
        ``OutputNotAllowed``; ``InvalidArgument`` for what is no such place.
    """
    outputs = config().outputs
    if not outputs:
        raise _not_allowed("no output is configured; name one in JITPREP_OUTPUTS")
    if to is None:
        return outputs[0]
    folder = S3Prefix.parse(to.removeprefix(_SCHEME)).folder
    if not to.startswith(_SCHEME) or not folder.bucket:
        raise RequestFailed(
            400, "InvalidArgument", f"'to' must be s3://bucket or s3://bucket/prefix, got {to!r}"
        )
    if not any(folder in output for output in outputs):
        allowed = ", ".join(map(str, outputs))
        raise _not_allowed(f"{folder} lies in none of {allowed}; name it in JITPREP_OUTPUTS")
    return folder


def _not_allowed(why: str) -> RequestFailed:
    return RequestFailed(403, "OutputNotAllowed", f"this function may not write there: {why}")
