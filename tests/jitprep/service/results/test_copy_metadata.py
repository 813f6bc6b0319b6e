"""Only our mark identifies a copy, and all of the owner's metadata passes through."""

from __future__ import annotations

from contextlib import suppress
from email.header import decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.service.results.copy_metadata import (
    CONFLICT,
    FAILED,
    MOST_METADATA,
    ConditionsNotHonoured,
    Found,
    MetadataTooLarge,
    owner_metadata,
    put,
    storable,
)
from jitprep.service.results.derived_object import provenance
from preprocessing import Pipeline

FIXED = Pipeline.parse("resize:8,8/npy")
RANDOM = Pipeline.parse("random_crop:8/npy")
NAMES = st.one_of(
    st.sampled_from(
        [
            "seed",
            "shape",
            "dtype",
            "pipeline",
            "fingerprint",
            "source-etag",
            "mark",
            "rate",
            "label",
        ]
    ),
    st.from_regex(r"(jitprep-){0,2}(original-){0,2}[a-z0-9_.-]{1,12}", fullmatch=True),
)
ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
METADATA = st.dictionaries(NAMES, ASCII, max_size=12)


def copy(
    pipeline=FIXED, *, etag='"a"', seed=3, name="train/a.jpg", length=320, metadata=(), **changed
) -> Found:
    """Return a copy as found in a store, with changes."""
    made = provenance(pipeline.metadata((3, 8, 8), "uint8", seed=seed), etag)
    stored = storable(name, {**dict(metadata), **made}, length)
    found = {"name": name, "etag": '"copy"', "length": length, "metadata": stored}
    return Found(**{**found, **changed})


@pytest.mark.parametrize("pipeline", [FIXED, RANDOM])
def test_what_was_just_made_is_current(pipeline):
    assert copy(pipeline).is_copy
    assert copy(pipeline).is_current(pipeline, '"a"', 3)


@pytest.mark.parametrize("pipeline", [FIXED, RANDOM])
def test_of_another_original_or_pipeline_it_is_a_copy_and_not_current(pipeline):
    made = copy(pipeline)
    assert not made.is_current(pipeline, '"b"', 3)
    assert not made.is_current(Pipeline.parse("resize:8,9/npy"), '"a"', 3)


def test_the_seed_counts_where_something_is_drawn_from_it():
    assert copy(FIXED).is_current(FIXED, '"a"', 4)
    assert not copy(RANDOM).is_current(RANDOM, '"a"', 4)


@settings(max_examples=50)
@given(METADATA)
def test_no_metadata_of_an_owners_is_a_copys(metadata):
    for stored in (metadata, owner_metadata(metadata)):
        found = Found("train/a.jpg", '"own"', 320, stored)
        assert not found.is_copy
        assert not found.is_current(FIXED, '"a"', 3)


def test_a_copys_metadata_on_another_object_makes_no_copy_of_it():
    """As if a user copied an object's metadata, or edited a stored copy."""
    assert not Found("train/b.jpg", '"x"', 320, copy().metadata).is_copy
    assert not Found("train/a.jpg", '"x"', 321, copy().metadata).is_copy
    for name in ("jitprep-fingerprint", "jitprep-source-etag", "jitprep-seed"):
        assert not Found("train/a.jpg", '"x"', 320, {**copy(RANDOM).metadata, name: "0"}).is_copy


def test_a_copy_is_known_however_a_store_writes_names():
    metadata = {name.title(): value for name, value in copy().metadata.items()}
    head = {"ETag": '"copy"', "ContentLength": 320, "Metadata": metadata}
    assert Found.of("train/a.jpg", head).is_current(FIXED, '"a"', 3)


def test_a_fingerprint_of_the_owners_is_not_ours():
    assert not Found("f1/a.jpg", '"x"', 38, {"fingerprint": "phash-0011"}).is_copy


@settings(max_examples=50)
@given(METADATA)
def test_the_owners_metadata_passes_through_whole(metadata):
    kept = owner_metadata(metadata)
    assert sorted(kept.values()) == sorted(metadata.values())
    for name, value in metadata.items():
        if name.startswith("jitprep-"):
            assert name not in kept or name.startswith("jitprep-original-")
            assert kept[f"jitprep-original-{name.removeprefix('jitprep-')}"] == value
        else:
            assert kept[name] == value
    made = provenance(FIXED.metadata((3, 8, 8), "uint8"), '"a"')
    assert not kept.keys() & {*made, "jitprep-mark", "jitprep-left-out", "jitprep-seed"}


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
def test_what_is_not_ascii_is_sent_as_s3_sends_it(text):
    """Some stores send raw UTF-8, and HTTP libraries decode each byte to a character."""
    (value,) = owner_metadata({"label": text.encode().decode("latin-1")}).values()
    assert value.isascii()
    assert value == text or str(make_header(decode_header(value))) == text


def test_so_is_latin_1():
    (value,) = owner_metadata({"label": "caf\xe9"}).values()
    assert str(make_header(decode_header(value))) == "café"


@settings(max_examples=50)
@given(METADATA, st.integers(0, 2 * MOST_METADATA))
def test_nothing_of_the_owners_is_left_out_of_a_copy(metadata, more):
    metadata = {**owner_metadata(metadata), "long": "x" * more}
    if sum(len(n) + len(v) for n, v in metadata.items()) > MOST_METADATA - 400:
        with suppress(MetadataTooLarge):  # by its name, where both do not fit
            copy(metadata=metadata)
        return
    found = copy(metadata=metadata)
    assert metadata.items() <= dict(found.metadata).items()
    assert sum(len(n) + len(v) for n, v in found.metadata.items()) <= MOST_METADATA
    assert found.is_current(FIXED, '"a"', 3)


def stored(accepts, *, now=copy):
    """Overwrite a copy in a store with these conditions; return the outcome and what was sent."""
    sent = []

    def write(condition):
        sent.append(condition)
        return accepts(condition)

    return put(write, now, copy()), sent


@pytest.mark.parametrize("etag", ["copy", '"copy"'])
def test_a_condition_is_written_as_the_store_wants_it(etag):
    """Ceph compares the header with the ETag without its quotes; others require them."""
    written, sent = stored(lambda condition: 200 if condition["IfMatch"] == etag else FAILED)
    assert written
    assert sent[-1] == {"IfMatch": etag}


def test_what_was_overtaken_is_not_tried_again():
    for answer in (CONFLICT, FAILED):
        written, sent = stored(lambda _, answer=answer: answer, now=lambda: copy(etag='"new"'))
        assert not written
        assert len(sent) == 1


def test_a_store_that_refuses_without_a_reason_is_named():
    with pytest.raises(ConditionsNotHonoured, match="If-Match"):
        stored(lambda _: FAILED)


@pytest.mark.parametrize(("answer", "written"), [(200, True), (CONFLICT, False), (FAILED, False)])
def test_where_nothing_was_nothing_is_written_over(answer, written):
    sent = []
    assert put(lambda c: sent.append(c) or answer, lambda: None, None) is written
    assert sent == [{"IfNoneMatch": "*"}]
