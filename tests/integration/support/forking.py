"""Read a batch with each reader, in this process, forked, spawned and here again; print hashes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import pickle
import sys
from pathlib import Path

from jitprep.reader import Reader


def digest(reader: Reader, keys: list[str]) -> str:
    return hashlib.sha256(reader.get_batch(keys).tobytes()).hexdigest()


def main() -> None:
    place, *keys = sys.argv[1:]
    readers = pickle.loads(Path(place).read_bytes())
    told = [{"here": digest(reader, keys)} for reader in readers]
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            for reader, one in zip(readers, told, strict=True):
                one[method] = pool.apply(digest, (reader, keys))
            pool.close()
            pool.join()
    for reader, one in zip(readers, told, strict=True):
        one["here again"] = digest(reader, keys)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
