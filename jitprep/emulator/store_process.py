"""moto's server, started as a child of the endpoint: its S3, and S3 Control's other calls."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import PIPE, Process

from jitprep.emulator.config import EndpointError
from jitprep.emulator.workers.child import INSTALLED, child_command

_START_S = 60.0
_STOP_S = 1.0


class StoreProcess:
    """A running moto server at ``url``."""

    def __init__(self, process: Process, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = process

    @classmethod
    async def start(cls, account: str, region: str) -> StoreProcess:
        """Start moto and wait until it serves.

        Raises
        ------
        EndpointError
            Where it does not start; what it says is on standard error.
        """
        process = await asyncio.create_subprocess_exec(
            *child_command(INSTALLED, "jitprep.emulator.store", account, region),
            stdin=PIPE,
            stdout=PIPE,
            env={
                **os.environ,
                "MOTO_ACCOUNT_ID": account,
                # The endpoint tells by a host's name whether a bucket stands in it.
                "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
            },
            start_new_session=True,  # Ctrl-C is for the endpoint, which ends this in its turn
        )
        try:
            async with asyncio.timeout(_START_S):
                port = await process.stdout.readline() if process.stdout else b""
        except TimeoutError:
            process.kill()
            port = b""
        if not port.strip().isdigit():
            status = await process.wait()
            raise EndpointError(
                f"moto's server did not start (exit status {status}); its own message is above. "
                "Check that moto, flask and flask-cors are installed: pip install jitprep[emulator]"
            )
        return cls(process, int(port))

    async def stop(self) -> None:
        """End the server."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
