"""Hostile text and tables: short rows, deep nesting, slow input for regexes and tokenizers."""

from __future__ import annotations

import gzip
from pathlib import Path

from soak.bombs.base import bomb

_CLEAN = "text/strip_html"
_MANY = 1_000_000


def write_tokenizers(folder: Path) -> None:
    """Write the tokenizers that these pipelines name into the folder for JITPREP_TOKENIZERS."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers  # noqa: PLC0415

    words = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer()
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.save(str(folder / "words.json"))
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    ranks = {letter: rank for rank, letter in enumerate([*letters, "aa", "aaaa"])}
    pairs = Tokenizer(models.BPE(ranks, [("a", "a"), ("aa", "aa")]))
    pairs.pre_tokenizer = pre_tokenizers.ByteLevel()
    pairs.save(str(folder / "pairs.json"))
    whole = Tokenizer(models.BPE(ranks, [("a", "a"), ("aa", "aa")]))  # nothing splits the text
    whole.save(str(folder / "whole.json"))


@bomb("CSV of 10,000,000 rows of a letter", "text/csv:a/jsonl")
def _short_rows() -> bytes:
    return b"a\n" + b"x\n" * 10_000_000


@bomb("CSV of 5,000,000 columns", "text/csv:a/jsonl")
def _wide_row() -> bytes:
    return b"a," * 5_000_000 + b"b\n" + b"," * 5_000_000 + b"\n"


@bomb("CSV with a quote that is never closed", "text/csv:a/jsonl")
def _open_quote() -> bytes:
    return b'a\n"' + b'x""\n' * 10_000_000


@bomb("JSON Lines of 2,000,000 empty values", "text/json_lines:a/jsonl")
def _empty_values() -> bytes:
    return b'{"a":""}\n' * 2_000_000


@bomb("JSON Lines nested a million deep", "text/json_lines:a/jsonl")
def _deep_json() -> bytes:
    return b'{"a":' + b"[" * _MANY + b"]" * _MANY + b"}\n"


@bomb("JSON Lines of a number of 10,000,000 digits", "text/json_lines:a/jsonl")
def _long_number() -> bytes:
    return b'{"b":' + b"9" * 10_000_000 + b',"a":"x"}\n'


@bomb("HTML nested a million deep", _CLEAN)
def _deep_html() -> bytes:
    return b"<div>" * _MANY + b"x"


@bomb("HTML of a million comments that are never closed", _CLEAN)
def _open_comments() -> bytes:
    return b"<!--" * _MANY


@bomb("HTML of a million tags that are never closed", _CLEAN)
def _open_tags() -> bytes:
    return b'<a b="' * _MANY


@bomb("HTML of a million scripts that are never closed", _CLEAN)
def _open_scripts() -> bytes:
    return b"<script>" * _MANY


@bomb("HTML of a million declarations", _CLEAN)
def _declarations() -> bytes:
    return b"<![CDATA[<!x<?y" * _MANY


@bomb("HTML of 4,000,000 references without a name", _CLEAN)
def _references() -> bytes:
    return b"&" * 4_000_000


@bomb("HTML of a reference of 4,000,000 digits", _CLEAN)
def _long_reference() -> bytes:
    return b"&#" + b"9" * 4_000_000


@bomb("text of 2,000,000 characters decoded wrongly five times", "text/fix_mojibake")
def _mojibake() -> bytes:
    text = "é"
    for _ in range(5):
        text = text.encode().decode("cp1252", "replace").replace("\ufffd", "?")
    return (text * (2_000_000 // len(text))).encode()


@bomb("text of 4,000,000 letters that mojibake begins with", "text/fix_mojibake")
def _nearly_mojibake() -> bytes:
    return "Ã".encode() * 4_000_000


@bomb("text of a letter and 4,000,000 accents", "text/nfc", "text/nfkc", "text/fix_mojibake")
def _accents() -> bytes:
    return b"a" + "\u0301\u0316".encode() * 2_000_000


@bomb("text of 1,000,000 ligatures that become 18 characters each", "text/nfkc")
def _ligatures() -> bytes:
    return "\ufdfa".encode() * _MANY


@bomb("text of 4,000,000 spaces", "text/collapse_whitespace")
def _spaces() -> bytes:
    return b" \n" * 2_000_000 + b"x"


@bomb("text of 4,000,000 digits", "text/redact_patterns")
def _digits() -> bytes:
    return b"1" * 4_000_000


@bomb("text of 4,000,000 digits and separators", "text/redact_patterns")
def _telephone() -> bytes:
    return b"+1-" + b"1 (2) " * 666_666


@bomb("text of nearly valid e-mail addresses", "text/redact_patterns")
def _mail() -> bytes:
    return b"a." * 1_000_000 + b"@" + b"a." * 1_000_000 + b"@"


@bomb("text of nearly valid IP addresses", "text/redact_patterns")
def _machines() -> bytes:
    return b"1.1.1." * 300_000 + b"a:" * 500_000 + b"::" * 500_000


@bomb("text of nearly valid IBANs", "text/redact_patterns")
def _ibans() -> bytes:
    return b"DE89 3704 0044 0532 " * 200_000 + b"DE89" * _MANY


@bomb("text of 1,398,101 ideographs in one word", "text/tokenize:words,length=512/npy")
def _ideographs() -> bytes:
    return "日".encode() * (2**22 // 3)


@bomb(
    "text of one letter, 4,000,000 times",
    "text/tokenize:pairs,length=512/npy",
    "text/tokenize:whole,length=512/npy",
)
def _one_word() -> bytes:
    return b"a" * 4_000_000


@bomb("text of joined faces, 4,000,000 bytes", "text/tokenize:pairs,length=512/npy")
def _faces() -> bytes:
    return "\U0001f468\u200d".encode() * 571_428


@bomb("text of 20 MB in no charset", "text/nfc")
def _no_charset() -> bytes:
    return bytes(range(0x80, 0x100)) * 160_000


@bomb("text of 20 MB in Windows-1252", "text/nfc")
def _legacy() -> bytes:
    return "Größe und Übung, schöne Grüße aus Köln. ".encode("cp1252") * 500_000


@bomb("gzip of 4 GB of zeros", "text/nfc", "resize:224,224/npy", coding="gzip")
def _gzip() -> bytes:
    member = gzip.compress(bytes(2**26), 9)
    return member * 64


@bomb("gzip of 500,000 empty members", "text/nfc", coding="gzip")
def _members() -> bytes:
    return gzip.compress(b"") * 500_000


@bomb("gzip of gzip of zeros", "text/nfc", coding="gzip, gzip")
def _twice() -> bytes:
    return gzip.compress(gzip.compress(bytes(2**26), 9) * 64, 9)
