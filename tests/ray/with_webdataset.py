"""Read shards as in docs/backfill.md, and print each sample. Needs webdataset."""

import hashlib
import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/backfill.md"
(code,) = [
    block
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    if "webdataset" in block
]
url = re.search(r'url = "(.*)"', code)[1]
told = []
exec(
    code.replace(url, sys.argv[1]) + "    tell(sample)\n",
    {
        "tell": lambda sample: told.append(
            (
                sample["json"]["key"],
                sample["__key__"],
                sample["npy"].shape,
                hashlib.sha256(sample["npy"].tobytes()).hexdigest(),
            )
        )
    },
)
sys.stdout.write(json.dumps(told))
