"""Tables are split into documents, and errors name the line."""

from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    LimitExceeded,
    Pipeline,
    SourceError,
    SpecError,
    Stack,
)
from preprocessing.cancellation import Cancelled, Signal, cancellable
from preprocessing.decode.text.tables import LONGEST_ROW, csv_column

JSON_LINES = Pipeline.parse("json_lines:text/jsonl")
CSV = Pipeline.parse("csv:body/jsonl")
characters = st.characters(exclude_categories=["Cs"])
documents = st.lists(st.text(characters), max_size=6)
cells = st.text(characters.filter(lambda c: c != "\0"))


@given(documents, st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n", " \n"]))
def test_json_lines_are_read(texts: list[str], ascii_only: bool, end: str) -> None:
    rows = [json.dumps({"id": 1, "text": text}, ensure_ascii=ascii_only) for text in texts]
    data = ("\ufeff" + end.join(rows)).encode()
    assert list(JSON_LINES(data)) == texts
    assert [json.loads(line)["text"] for line in _lines(JSON_LINES.encode(data).body)] == texts


@given(st.lists(st.tuples(cells, cells), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_csv_is_read(rows: list[tuple[str, str]], end: str) -> None:
    stream = io.StringIO(newline="")
    # With a line end of LF the writer does not quote CR, but its reader takes CR for a line end.
    quoting = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, lineterminator=end, quoting=quoting)
    writer.writerows([("id", "body"), *rows])
    data = ("\ufeff" + stream.getvalue()).encode()
    assert list(CSV(data)) == [body for _, body in rows]


def test_values_hold_quotes_commas_and_line_ends() -> None:
    data = b'id,body\r\n1,"a ""quoted"", and\r\nbroken\nline"\r\n\r\n2,\r\n'
    assert list(CSV(data)) == ['a "quoted", and\r\nbroken\nline', ""]


def test_a_value_may_be_longer_than_python_s_limit() -> None:
    data = b"id,body\n1," + b"x" * 1_000_000 + b"\n"
    assert len(CSV(data)[0]) == 1_000_000


BAD_JSON = {
    '{"text": "a"}\n\nnot json': "line 3: not valid JSON: Expecting value",
    '{"text": "a"': "line 1: not valid JSON",
    '["text"]': "line 1: expected a JSON object, got a list",
    '{"text": "a"}\n{"txt": "b"}': "line 2: the object has no field 'text'; it has 'txt'",
    '{"text": null}': "line 1: the field 'text' must be a string, got a NoneType",
    '{"text": 3}': "line 1: the field 'text' must be a string, got a int",
    '{"text": "\\ud800"}': "line 1: the field 'text' has half of a surrogate pair",
    '{"a":' * 100_000: "line 1: the JSON is nested too deeply",
    "[" * 1_000_000: "line 1: the JSON is nested too deeply",
    '{"text": ' + "1" * 5000 + "}": "line 1: not valid JSON: a number is too long",
    '{"text": "a"}\u2028{"text": "b"}': "line 1: not valid JSON: Extra data",
    "{}": "line 1: the object has no field 'text'; it has none",
}
BAD_CSV = {
    'id,body\n1,a\n2,"open\n3,b\n': "line 3: not valid CSV: unexpected end of data",
    'id,body\n1,"a"b\n': "line 2: not valid CSV: ',' expected after '\"'",
    'id,body\n1,"a\nb"\n2\n': "line 4: the row has 1 values for 2 columns",
    "id,body\n1,a,b\n": "line 2: the row has 3 values for 2 columns",
}


@pytest.mark.parametrize("text", BAD_JSON)
def test_bad_lines_are_named(text: str) -> None:
    with pytest.raises(CorruptSource) as caught:
        JSON_LINES(text.encode())
    assert BAD_JSON[text] in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", BAD_CSV)
def test_bad_rows_are_named(text: str) -> None:
    with pytest.raises(CorruptSource) as caught:
        CSV(text.encode())
    assert BAD_CSV[text] in str(caught.value)


def test_a_column_must_be_there_once() -> None:
    with pytest.raises(IncompatibleSource, match="no column named 'body'; it has 'id', 'text'"):
        CSV(b"id,text\n1,a\n")
    with pytest.raises(IncompatibleSource, match="more than one column named 'body'"):
        CSV(b"body,body\n1,a\n")
    with pytest.raises(IncompatibleSource, match="no column named 'body'; it has none"):
        CSV(b"\n\n")


@pytest.mark.parametrize(
    ("pipeline", "data"),
    [
        (JSON_LINES, b'{"text": "a"}\n' + b" " * (LONGEST_ROW + 1)),
        (JSON_LINES, b'{"text": "' + b"a" * LONGEST_ROW + b'"}'),
        (CSV, b'body\n"' + b"a,\n" * LONGEST_ROW),
        (CSV, b"body\n" + b"," * (LONGEST_ROW + 1)),
        (CSV, b"body\n" + b"a" * (LONGEST_ROW + 1)),
    ],
)
def test_rows_without_end_are_refused_soon(pipeline: Pipeline, data: bytes) -> None:
    start = time.thread_time()
    with pytest.raises(LimitExceeded, match=r"line [12]: the row has more than 4194304 characters"):
        pipeline(data)
    assert time.thread_time() - start < 5


@given(st.text(st.sampled_from('{}[]":,\\u\n\r text0d8') | characters))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    if not text or "\0" in text:
        return
    for pipeline in (JSON_LINES, CSV):
        try:
            made = pipeline(text.encode())
        except (SourceError, IncompatibleSource):
            continue
        assert all(type(one) is str for one in made)


_csv = st.lists(
    st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", "body", "id,body\n", "1,x\n", 'a"b'])
).map("".join)


@given(_csv, st.sampled_from([1, 2, 5, 40]))
def test_pieces_of_csv_are_of_no_consequence(rest: str, piece: int) -> None:
    """Parsing a table in parts has the same result, or the same error, as parsing it at once."""
    outcomes = []
    data = np.array(["id,body\n" + rest], object)
    for size in (piece, 2**13):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("preprocessing.decode.text.tables._PIECE", size)
            try:
                outcomes.append(csv_column(data, "body").tolist())
            except CorruptSource as error:
                outcomes.append([str(error)])
    assert outcomes[0] == outcomes[1]
    try:
        rows = [
            row for row in csv.reader(io.StringIO(str(data[0]), newline=""), strict=True) if row
        ]
    except csv.Error:
        rows = []
    if rows and {*map(len, rows)} == {2}:
        assert outcomes[0] == [row[1] for row in rows[1:]]
    else:
        assert outcomes[0][0].startswith("line ")


@pytest.mark.parametrize(
    ("spec", "row"), [("csv:a/jsonl", "x\n"), ("json_lines:a/jsonl", '{"a":"x"}\n')]
)
def test_rows_are_bounded(spec: str, row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preprocessing.decode.text.tables.MOST_ROWS", 5000)
    header = "a\n" if spec.startswith("csv") else ""
    p = Pipeline.parse(spec)
    assert len(p((header + row * 5000).encode())) == 5000
    with pytest.raises(LimitExceeded, match="more than 5000 rows; split it"):
        p((header + row * 5001).encode())


def test_short_rows_take_little_memory() -> None:
    """A million rows of one letter once took 200 MB."""
    p = Pipeline.parse("csv:a/jsonl")
    assert len(p.encode(b"a\n" + b"x\n" * 1_000_000).body) == 14_000_000
    tracemalloc.start()
    try:
        p.encode(b"a\n" + b"xy\n" * 100_000)
        assert tracemalloc.get_traced_memory()[1] < 14_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "spec", ["csv:a/jsonl", "json_lines:a/jsonl", "lower/jsonl", "redact_patterns"]
)
def test_cancelled_work_stops(spec: str) -> None:
    signal = Signal()
    signal.cancel()
    with cancellable(signal), pytest.raises(Cancelled):
        Pipeline.parse(spec)(b'a\n{"a": "x"}\n' * 3)


def test_a_table_is_read_once_and_first() -> None:
    with pytest.raises(SpecError, match="step 2 'csv': reads one text, but is given documents"):
        Pipeline.parse("json_lines:text/csv:body/jsonl")
    assert Pipeline.parse("fix_mojibake/json_lines:text/nfc/jsonl").kind == "text"


def test_how_many_documents_only_the_content_tells() -> None:
    data = b'{"text": "a"}\n{"text": "b"}\n{"text": "c"}\n'
    assert JSON_LINES.output.shape == (None,)
    assert JSON_LINES.output.nbytes is None
    encoded = JSON_LINES.encode(data)
    assert encoded.metadata["shape"] == "3"
    assert JSON_LINES.encode(b"\n").metadata["shape"] == "0"
    assert JSON_LINES.encode(b"\n").body == b""
    tokens = Pipeline.parse("json_lines:text/tokenize:tiny,8/npy")
    assert tokens.output.shape == (2, None, 8)
    assert tokens.output.nbytes is None
    assert tokens.encode(data).metadata["shape"] == "2,3,8"
    assert tokens(data).shape == (2, 3, 8)
    for pipeline in (JSON_LINES, tokens):
        with pytest.raises(IncompatibleSource, match="whose size is known only after decoding"):
            pipeline.batch([data, data])
        with pytest.raises(SpecError, match="depends on the source"):
            Stack(pipeline, 2)


def test_the_text_encoding_sends_tables_to_jsonl() -> None:
    for spec in ("json_lines:text/text", "csv:body/nfc"):
        with pytest.raises(SpecError, match=r"holds one document.*encode as jsonl"):
            Pipeline.parse(spec)


def _lines(body: Any) -> list[bytes]:
    lines = bytes(body).split(b"\n")
    assert lines.pop() == b""
    return lines
