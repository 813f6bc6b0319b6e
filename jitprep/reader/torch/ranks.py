"""Ranks of a distributed training."""

from __future__ import annotations

import warnings

from torch import distributed


def ranks_of(rank: int | None, world_size: int | None) -> dict[str, int]:
    """Return ``rank`` and ``world_size``: the given ones, those of the process group, or 0 of 1.

    Raises
    ------
    ValueError
        Where only one of them is given.
    """
    if rank is None and world_size is None:
        if distributed.is_available() and distributed.is_initialized():
            return {"rank": distributed.get_rank(), "world_size": distributed.get_world_size()}
        return {"rank": 0, "world_size": 1}
    if rank is None or world_size is None:
        raise ValueError(f"give rank and world_size both, got rank={rank}, world_size={world_size}")
    return {"rank": rank, "world_size": world_size}


def warn_of_ranks(world_size: int) -> None:
    """Warn where the process group has several ranks, and `world_size` was not given."""
    if world_size == 1 and distributed.is_available() and distributed.is_initialized():
        ranks = distributed.get_world_size()
        if ranks > 1:
            warnings.warn(
                f"this process is one of {ranks}, and ObjectBatches has world_size=1; ranks with "
                "different numbers of batches deadlock. Give each rank all keys, rank= and "
                "world_size=",
                stacklevel=3,
            )
