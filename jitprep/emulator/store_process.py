"""The child process that runs the S3 inside, and S3 Control's calls for S3 access points."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

from jitprep.emulator.config import EndpointError
from jitprep.emulator.workers.child import INSTALLED, child_command

_START_S = 60.0
_STOP_S = 1.0


class StoreProcess:
    """The running S3 at ``url``."""

    def __init__(self, process: Process, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = process

    @classmethod
    async def start(cls, account: str, region: str) -> StoreProcess:
        """Start the S3 inside and wait until it serves.

        Raises
        ------
        EndpointError
            If it does not start; its own message is on standard error.
        """
        process = await asyncio.create_subprocess_exec(
            *child_command(INSTALLED, "jitprep.emulator.store", account, region),
            stdin=PIPE,
            stdout=PIPE,
            env={
                **os.environ,
                "MOTO_ACCOUNT_ID": account,
                # The endpoint itself decides whether a host's name contains a bucket.
                "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
            },
            start_new_session=True,  # Ctrl-C must reach the endpoint only, which then ends this
        )
        try:
            async with asyncio.timeout(_START_S):
                port = await process.stdout.readline() if process.stdout else b""
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            port = b""
        if not port.strip().isdigit():
            status = await process.wait()
            raise EndpointError(
                f"The S3 inside did not start (exit status {status}); its own message is above. "
                "Check that moto, flask and flask-cors are installed: pip install 'jitprep[emulator]'"
            )
        return cls(process, int(port))

    async def stop(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            with suppress(ProcessLookupError):  # it may end between the timeout and this line
                self._process.kill()
            await self._process.wait()
