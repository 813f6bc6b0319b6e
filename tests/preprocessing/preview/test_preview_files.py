"""Previews of files of every kind, and what notebooks show of their pipelines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from preprocessing import CorruptSource, LimitExceeded, Limits, Pipeline
from preprocessing.preview import Picture, TextPreview

from ..support import clips, sounds
from ..support.markup import Tags
from .test_preview import drawn

# The file, and what the caption says of it before and after.
CASES = {
    "mono/resample:8000/wav": ("sound", "2×6000 float32 at 16000 Hz to 1×3000 float32 at 8000 Hz"),
    "mono/log_mel:whisper/npy": ("sound", "2×6000 float32 at 16000 Hz to 1×80×37 float32"),
    "spectrogram/npy": (
        "sound",
        "2×6000 float32 at 16000 Hz to 2×201×31 float32, shown in decibels",
    ),
    "mfcc/npy": ("sound", "2×6000 float32 at 16000 Hz to 2×40×31 float32"),
    "sample_frames:4/resize:16,16/npy": ("video", "?×48×64×3 uint8 to 4×16×16×3 uint8"),
    "key_frames/npy": ("video", "?×48×64×3 uint8 to 5×48×64×3 uint8"),
    "sample_frames:2/normalize:imagenet/npy": (
        "video",
        "?×48×64×3 uint8 to 2×48×64×3 float32, shown with its normalisation undone",
    ),
    "strip_html/nfc/text": ("text", "1 text to 1 text"),
    "csv:word/jsonl": ("text", "1 text to 2 texts"),
}
TEXT = "word\n<b>caf\N{LATIN SMALL LETTER E}\N{COMBINING ACUTE ACCENT}</b>\n&amp;\n".encode()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {"sound": sounds.FILES["flac 16 bits"](), "video": clips.write(), "text": TEXT}
    for name, body in made.items():
        (tmp_path / name).write_bytes(body)
    return {name: tmp_path / name for name in made}


@pytest.mark.parametrize("spec", CASES)
def test_a_file_before_and_after(spec: str, files: dict[str, Path]) -> None:
    name, caption = CASES[spec]
    p = Pipeline.parse(spec)
    preview = p.preview(files[name])
    assert preview.caption == f"{p}: {caption}"
    Tags(preview._repr_html_())
    if isinstance(preview, Picture):
        pixels = drawn(preview)
        assert pixels[:, :320].std() > 10
        assert pixels[:, 328:].std() > 10
    assert isinstance(preview, TextPreview) == (name == "text")


@pytest.mark.parametrize("spec", CASES)
def test_notebooks_show_the_steps_of_any_kind(spec: str) -> None:
    p = Pipeline.parse(spec)
    text = Tags(p._repr_html_()).text
    for what in (*map(repr, p.steps), repr(p.encoding), p.output.content_type):
        assert what in text


def test_text_is_shown_as_it_was_and_as_it_is(files: dict[str, Path]) -> None:
    page = Pipeline.parse("strip_html/nfc/collapse_whitespace/text").preview(files["text"])
    assert isinstance(page, TextPreview)
    assert page.before == (TEXT.decode(),)
    assert page.after == ("word caf\N{LATIN SMALL LETTER E WITH ACUTE} &",)
    html = page._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html


def test_tokens_are_shown_as_their_numbers(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "word": 7}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "words.json"))
    monkeypatch.setenv("JITPREP_TOKENIZERS", str(tmp_path))
    page = Pipeline.parse("truncate:4/tokenize:words,3/npy").preview(files["text"])
    assert isinstance(page, TextPreview)
    assert page.after == ("7 (and 2 masked)",)
    assert "1 text to 2×1×3 int32" in page.caption


def test_a_preview_raises_what_a_call_does(files: dict[str, Path]) -> None:
    broken = files["video"].read_bytes()[:900]
    with pytest.raises(CorruptSource):
        Pipeline.parse("sample_frames:2/npy").preview(broken)
    with pytest.raises(LimitExceeded):
        Pipeline.parse("mono/wav").preview(files["sound"], limits=Limits(samples=100))


def test_before_a_long_video_only_what_is_shown_is_decoded(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from preprocessing.planner.stages.video import DecodeVideo

    taken = []
    frames = DecodeVideo.frames
    monkeypatch.setattr(
        DecodeVideo, "frames", lambda self, content: taken.append(self) or frames(self, content)
    )
    Pipeline.parse("sample_frames:2/npy").preview(files["video"])
    assert sorted(int(re.findall(r"(\d+) frames", str(start))[0]) for start in taken) == [2, 9]
