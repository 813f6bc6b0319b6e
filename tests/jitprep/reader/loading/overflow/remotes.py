"""Readers of the same folder: a slow machine, and remotes with faults."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from zlib import crc32

from jitprep.reader.base import Reader
from jitprep.reader.doors.local import FolderReader
from jitprep.reader.errors import BadObject, Refused, Unavailable


@dataclass(frozen=True, kw_only=True)
class SlowMachine(FolderReader):
    """A machine that takes `delay` seconds more for each sample."""

    delay: float = 0.02

    def _read(self, key, out):
        time.sleep(self.delay)
        return super()._read(key, out)


@dataclass(frozen=True, kw_only=True)
class Remote(Reader):
    """A remote door, which fails for a share of its reads."""

    source: FolderReader
    delay: float = 0.005
    fault: str = ""
    share: float = 0.0

    def keys(self, prefix=""):
        raise NotImplementedError

    def _get_array(self, key):
        time.sleep(self.delay)
        if self.fault and self._has_fault(key):
            self._fail(key)
        if self.fault == "threads":
            threading.stack_size(2**47)  # more than there are addresses: no thread starts
        made = self.source.for_epoch(self.seed).get(key)
        if self.fault == "other":
            return made[::-1]
        return made[:, :4] if self.fault == "shape" and self._has_fault(key) else made

    def _has_fault(self, key):
        return crc32(f"{key}{self.seed}".encode()) % 1000 < self.share * 1000

    def _fail(self, key):
        match self.fault:
            case "down":
                raise Unavailable("no answer", key=key, status=503)
            case "refused":
                raise Refused("not for you", key=key, status=403)
            case "bad":
                raise BadObject("no such key", key=key, code="NoSuchKey")
            case "broken":
                raise KeyError(key)
            case "slow":
                time.sleep(1.5)
            case "dies":
                os._exit(7)
