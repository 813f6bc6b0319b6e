"""Read a batch in this process, in a forked one, in a spawned one, and here again; tell the hashes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import pickle
import sys
from pathlib import Path

from reader import Reader


def digest(reader: Reader, keys: list[str]) -> str:
    return hashlib.sha256(reader.get_batch(keys).tobytes()).hexdigest()


def main() -> None:
    place, *keys = sys.argv[1:]
    reader = pickle.loads(Path(place).read_bytes())
    told = {"here": digest(reader, keys)}
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            told[method] = pool.apply(digest, (reader, keys))
            pool.close()
            pool.join()
    json.dump({**told, "here again": digest(reader, keys)}, sys.stdout)


if __name__ == "__main__":
    main()
