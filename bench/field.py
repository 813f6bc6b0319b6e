"""Every peer on every case, with each answer checked before it is timed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.peers import MODULES
from bench.reference import expected, levels, psnr
from bench.timing import Job, interleave

if TYPE_CHECKING:
    from bench.cases import Case
    from bench.peers.base import Peer

# A peer below this does something else, so the benchmark is wrong.
SANE = 20.0


class Field(NamedTuple):
    """The libraries that take part.

    Parameters
    ----------
    peers : list of Peer
    modules : mapping from a peer's name to its module and its index there
        For processes that import only one of them.
    missing : mapping from a module to the reason why it could not be imported
    """

    peers: list[Peer]
    modules: dict[str, tuple[str, int]]
    missing: dict[str, str]


def load() -> Field:
    """Import all peers. A peer that cannot be imported is reported, not dropped."""
    field = Field([], {}, {})
    for name in MODULES:
        try:
            module = import_module(f"bench.peers.{name}")
        except ImportError as error:
            field.missing[name] = str(error)
            continue
        for place, peer in enumerate(module.PEERS):
            field.peers.append(peer)
            field.modules[peer.name] = (name, place)
    return field


def measure(
    peers: list[Peer], cases: list[Case], seconds: float
) -> tuple[dict[str, dict[str, Any]], int]:
    """Check and time all peers; return the results by case and peer, and the number of rounds.

    Raises
    ------
    ValueError
        If an answer is too far from the reference: fix `bench.peers`.
    """
    jobs, results = [], dict[str, dict[str, Any]]()
    for case in cases:
        results[case.name] = {}
        references = cache(lambda gray, case=case: _references(case, gray))
        for peer in peers:
            if case.pipeline not in peer.operations:
                continue
            call = peer.operations[case.pipeline]
            results[case.name][peer.name] = _checked(peer, case, references)
            jobs.append(Job((case.name, peer.name), call, case.inputs))
    rounds = interleave(jobs, seconds)
    for job in jobs:
        case_name, peer_name = job.key
        results[case_name][peer_name] |= {
            "ms": job.best * 1e3,
            "median_ms": job.typical * 1e3,
            "times": job.times,
        }
    return results, rounds


def _references(case: Case, gray: str) -> list[Any]:
    return [expected(case.pipeline, arguments, gray) for arguments in case.inputs]


def _checked(peer: Peer, case: Case, references: Any) -> dict[str, Any]:
    answers = [peer.operations[case.pipeline](*arguments) for arguments in case.inputs]
    found: dict[str, Any] = {}
    if case.pipeline in ("p1_png", "p1_jpeg"):
        found["bytes"] = sum(map(len, answers)) // len(answers)
    if peer.role == "aside":
        return found
    given = [levels(case.pipeline, answer) for answer in answers]
    wanted = references(peer.gray)
    shapes = [[array.shape for array in arrays] for arrays in (given, wanted)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"{peer.name} on {case.name} returns shape {shapes[0]}, not {shapes[1]}")
    found["psnr_db"] = psnr([a - b for a, b in zip(given, wanted, strict=True)])
    if found["psnr_db"] < SANE:
        raise ValueError(
            f"{peer.name} on {case.name} is {found['psnr_db']:.1f} dB from the reference"
        )
    return found
