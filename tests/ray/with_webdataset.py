"""Reads shards as training does, and tells each sample. Run where webdataset is installed."""

import hashlib
import json
import sys

import webdataset

samples = webdataset.WebDataset(sys.argv[1], shardshuffle=False).decode()
told = [
    (
        sample["json"]["key"],
        sample["__key__"],
        sample["npy"].shape,
        hashlib.sha256(sample["npy"].tobytes()).hexdigest(),
    )
    for sample in samples
]
sys.stdout.write(json.dumps(told))
