"""The cache returns what was put into it, and never exceeds its limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jitprep.service.results.derived_object import Description, ResultCache

etags = st.sampled_from("abcdef")
LIMIT = 100


def description(body: bytes) -> Description:
    return Description(len(body), "image/png", {"geometry": repr(body)})


def body_of(cache: ResultCache, etag: str) -> bytes | None:
    """Return what is cached under a key, whose description must be its own."""
    made = cache.made(etag)
    if made is None:
        return None
    assert made[0] == description(made[1])
    return bytes(made[1])


@given(st.lists(st.tuples(etags, st.binary(max_size=120), st.booleans())))
def test_bodies_stay_within_the_limit_and_are_those_that_were_put(steps):
    kept, put = ResultCache(LIMIT), {}
    for etag, body, look in steps:
        if look:
            assert body_of(kept, etag) in (None, put.get(etag))
        else:
            kept.keep(etag, description(body), body)
            put[etag] = body
            assert body_of(kept, etag) == (body if len(body) <= LIMIT else None)
        held = {etag: body_of(kept, etag) for etag in "abcdef"}
        assert sum(len(body) for body in held.values() if body) <= LIMIT


def test_what_was_used_longest_ago_goes_first():
    kept = ResultCache(LIMIT)
    kept.keep("a", description(bytes(40)), bytes(40))
    kept.keep("b", description(bytes(40)), bytes(40))
    assert body_of(kept, "a") is not None
    kept.keep("c", description(bytes(40)), bytes(40))
    assert body_of(kept, "a") is not None
    assert body_of(kept, "b") is None


def test_descriptions_are_bounded_too():
    kept = ResultCache(LIMIT)
    for number in range(5000):
        kept.describe(str(number), Description(number, "image/png", {}))
    assert kept.description("0") is None
    assert kept.description("4999") == Description(4999, "image/png", {})
    assert sum(kept.description(str(n)) is not None for n in range(5000)) == 4096
