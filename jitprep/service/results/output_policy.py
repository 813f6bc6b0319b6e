"""The operator's rule for where results may be written: below the configured outputs, nowhere else."""

from __future__ import annotations

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.s3_names import S3Prefix


def choose_output(asked: S3Prefix | None) -> S3Prefix:
    """Return where results go.

    Parameters
    ----------
    asked : S3Prefix, optional
        A folder; None for the first output of the configuration.

    Raises
    ------
    RequestFailed
        ``OutputNotAllowed``.
    """
    outputs = config().outputs
    if not outputs:
        raise _not_allowed("no output is configured; name one in JITPREP_OUTPUTS")
    if asked is None:
        return outputs[0]
    if not any(asked in output for output in outputs):
        allowed = ", ".join(map(str, outputs))
        raise _not_allowed(f"{asked} is not below {allowed}; name it in JITPREP_OUTPUTS")
    return asked


def _not_allowed(why: str) -> RequestFailed:
    return RequestFailed(403, "OutputNotAllowed", f"this function may not write there: {why}")
