"""Clients that rely on LIST's sizes, for objects whose size LIST does not know.

LIST then has the size of the original. Most clients still read the whole object; docs/doors/clients.md
describes the others.
"""

from __future__ import annotations

import pytest

from preprocessing import Pipeline

from .matrix import CALLS, DEPENDS
from .reading import expected_report, report_of
from .stage import originals

BY_NAME = {f"{call.client}-{call.name}": call for call in CALLS}
READ_TO_THE_END = (
    *("awscli-s3_cp_recursive", "s3fs-get_recursive", "s3fs-find_then_cat"),
    *("s3fs-find_then_open_anew", "pyarrow-select_then_open"),
    *("s3torchconnector-map_dataset", "s3torchconnector-range_based_of_objects"),
)
# The bytes that they return for a body, given the size in LIST.
BELIEVE_LIST = {
    "s3fs-find_then_open": lambda body, size: body[:size],
    "s3torchconnector-range_based": lambda body, size: body[:size].ljust(size, b"\0"),
}
# PNG files that are smaller and larger than the photographs, below and above the 8 MB at which clients
# start to read in parts.
SIZES = [
    (DEPENDS, "few"),
    ("resize:512,512/png", "few"),
    (DEPENDS, "camera"),
    ("resize:4600,4600/png", "camera"),
]


@pytest.mark.parametrize("name", READ_TO_THE_END)
def test_most_clients_read_to_the_end(stage, tmp_path, name):
    call = BY_NAME[name]
    done, _ = stage.run(call, SIZES, tmp_path)
    assert done.reads == [expected_report(call, p, originals(folder)) for p, folder in SIZES], (
        done.error
    )


@pytest.mark.parametrize("name", BELIEVE_LIST)
def test_some_clients_believe_the_listing(stage, tmp_path, name):
    """They truncate longer objects; PyTorch's ranged reader pads shorter ones with zeros."""
    done, _ = stage.run(BY_NAME[name], SIZES, tmp_path)
    assert done.reads == [
        {
            key: report_of(BELIEVE_LIST[name](bytes(encode(original).body), len(original)))
            for key, original in originals(folder).items()
        }
        for encode, folder in [(Pipeline.parse(p).encode, folder) for p, folder in SIZES]
    ], done.error


@pytest.mark.parametrize(("pipeline", "folder"), SIZES)
def test_duckdb_believes_the_listing_too(stage, tmp_path, pipeline, folder):
    """It truncates longer objects, and refuses shorter ones."""
    done, _ = stage.run(BY_NAME["duckdb-read_blob_by_glob"], [(pipeline, folder)], tmp_path)
    encode = Pipeline.parse(pipeline).encode
    sizes = {key: len(original) for key, original in originals(folder).items()}
    bodies = {key: bytes(encode(original).body) for key, original in originals(folder).items()}
    if all(len(bodies[key]) >= size for key, size in sizes.items()):
        assert done.reads == [{key: report_of(bodies[key][:size]) for key, size in sizes.items()}]
    else:
        assert done.reads is None
        assert "Content-Length from server mismatches requested range" in done.error


def test_keys_of_unknown_size_can_be_hidden(stage_of, tmp_path):
    hiding = stage_of(JITPREP_LIST_UNKNOWN_SIZES="hide")
    done, _ = hiding.run(BY_NAME["s3fs-find_then_open"], [(DEPENDS, "few")], tmp_path)
    assert done.reads == [{}], done.error
