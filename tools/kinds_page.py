"""Write docs/kinds-benchmarks.md from what ``make bench-kinds`` measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "kinds-benchmarks.md"
_SOUND_PEERS = ("torchaudio", "librosa", "whisper")
_PAGE = """\
# Speed of sound, text and video

`make bench-kinds` measures each kind beside its peers, in one interleaved run on one thread each,
and writes this page.

## Spectrograms

Milliseconds for {seconds} s of sound, the minimum of {rounds} rounds. In brackets: how many times
as long as jitprep a peer takes. `python -m bench.kinds.sound`, {sound_made}.

{sound}

The target was three times the speed of librosa, and it is missed. librosa {librosa} uses the same
FFT of NumPy, in single precision, and the window and the FFT take about half of our time. jitprep
computes in double precision up to the powers, so that the bytes are the same on every x86-64
processor (`preprocessing/kernels/audio`).

## Video

`{spec}` of {clip}, against decoding all of it with PyAV into the same tensor. To reach a frame,
everything from the key frame before it must be read: the farther apart key frames are, the more.
The target was five times in both columns. `python -m bench.kinds.video`, {video_made}.

{video}

## Text

Megabytes per second. `plain` is ASCII, `english` has one word in twenty that is not, `decomposed`
is that in NFD, and `page` is HTML. `python -m bench.kinds.text`, {text_made}.

{text}
"""


def page() -> str:
    """Return the page."""
    sound, video, text = (_load(name) for name in ("sound", "video", "text"))
    return _PAGE.format(
        seconds=sound["made"]["seconds"],
        rounds=sound["made"]["rounds"],
        librosa=sound["made"]["versions"]["librosa"],
        sound=_sound(sound),
        sound_made=_made(sound["made"]),
        spec=video["made"]["spec"],
        clip=video["made"]["clip"],
        video=_video(video),
        video_made=_made(video["made"]),
        text=_text(text),
        text_made=_made(text["about"]),
    )


def _load(name: str) -> Any:
    return json.loads((DOCS / f"{name}-bench.json").read_text(encoding="utf-8"))


def _made(about: Any) -> str:
    return f"{about['date']}, {about['machine']['processor']}"


def _sound(found: Any) -> str:
    rows = []
    for spec, ways in found["cases"].items():
        peers = (ways.get(peer) for peer in _SOUND_PEERS)
        cells = (f"{way['ms']:.2f} ({way['ratio']:.2f})" if way else "–" for way in peers)
        rows.append((f"`{spec}`", f"{ways['jitprep']['ms']:.2f}", *cells))
    return _table(("", "jitprep", *_SOUND_PEERS), rows)


def _video(found: Any) -> str:
    rows = []
    for name, clip in found["clips"].items():
        ours, all_ = clip["ways"]["jitprep"], clip["ways"]["PyAV, all frames"]
        rows.append(
            (
                name,
                f"{ours['ms']:,.0f} of {all_['ms']:,.0f} ms",
                f"{clip['times as fast']:.1f}",
                f"{ours['bytes'] / 1e6:.1f} of {clip['bytes'] / 1e6:.1f} MB",
                f"{clip['times fewer bytes']:.1f}",
            )
        )
    return _table(("", "time", "times as fast", "bytes read", "times fewer bytes"), rows)


def _text(found: Any) -> str:
    rows = [(row["what"], row["text"], f"{row['mb_s']:,.1f}") for row in found["rows"]]
    return _table(("step", "text", "MB/s"), rows)


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(heading), *map(tuple, rows)]
    lines.insert(1, ("---", *("--:" for _ in lines[0][1:])))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
