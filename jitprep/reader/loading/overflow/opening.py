"""`Overflow`: the remote reader of a loader, and how much of it may be used."""

from __future__ import annotations

from dataclasses import dataclass

from jitprep.reader.address import FunctionAddress, parse_address
from jitprep.reader.base import Reader
from jitprep.reader.errors import CannotOpen
from jitprep.reader.opening import open_reader

# Samples under way at most, where the caller gives no number.
MAX_REMOTE = 64


@dataclass(frozen=True, kw_only=True)
class Overflow:
    """A remote door, behind which the same pipeline runs on the same objects.

    Parameters
    ----------
    reader : Reader
    prefix : str
        What is put in front of each key.
    draws : bool
        Whether the epoch is sent as the seed.
    most : int
        Samples under way at most, rounded up to whole tasks.
    """

    reader: Reader
    prefix: str
    draws: bool
    most: int


def open_overflow(remote: Reader | str, own: Reader, most: int) -> Overflow:
    """Return the overflow of a loader.

    Parameters
    ----------
    remote : Reader or str
        An address is opened with the pipeline of `own`, if the door lets callers choose one.
    own : Reader
        The loader's.
    most : int
        Samples under way at most.

    Raises
    ------
    CannotOpen
        If `own` runs no pipeline, or `remote` no other machine's.
    ValueError
    """
    if most < 1:
        raise ValueError(f"max_remote must be at least 1, got {most}")
    if own.own_pipeline is None:
        raise CannotOpen(
            "overflow= needs a reader that transforms originals on this machine, as for file: and s3:// "
            "with pipeline=; this one reads results already, or rows of a table"
        )
    if isinstance(remote, str):
        invoked = isinstance(parse_address(remote), FunctionAddress)
        chosen = own.own_pipeline if invoked else None
        remote = open_reader(remote, pipeline=chosen)
    if remote.computes or remote.own_pipeline is not None:
        raise CannotOpen(
            "overflow= needs the address of a server, a function or an access point; this machine makes "
            "its own samples anyway"
        )
    return Overflow(
        reader=remote,
        prefix=own.whole_key("") if remote.takes_whole_keys else "",
        draws=own.draws is not False,
        most=most,
    )
