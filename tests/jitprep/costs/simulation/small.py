"""Scenarios that the tests vary."""

from __future__ import annotations

from jitprep.costs.simulation.scenario import (
    FunctionDoor,
    ManagedDoor,
    Scenario,
    ServerDoor,
    ServiceTime,
    Store,
)

ENDLESS = Store(gets_per_s=float("inf"))
SERVICE = ServiceTime(cpu_ms=(4.0, 6.0, 11.0), wait_ms=50.0)
# Doors of four servers of the same service.
DOORS = {
    "function": FunctionDoor(service=SERVICE, concurrency=4, burst=None, cold_start_ms=100.0),
    "managed": ManagedDoor(service=SERVICE, environments=2, requests_at_once=2, vcpus=2.0),
    "server": ServerDoor(service=SERVICE, workers=4, threads=1),
    "shards": FunctionDoor(service=SERVICE, concurrency=4, samples_per_request=7, send_ms=80.0),
}


def scenario(door: FunctionDoor | ManagedDoor | ServerDoor, **changes: object) -> Scenario:
    """Return a small scenario with changes."""
    made = {"door": door, "store": ENDLESS, "readers": 6, "samples": 600, **changes}
    return Scenario(**made)  # type: ignore[arg-type]
