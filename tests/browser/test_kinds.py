"""Each kind of object, from its source to what is seen of the result."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from preprocessing import Pipeline
from preprocessing.media import Array

from .material import WORDS
from .workbench import Workbench

_GRID = 8
# Of 255, between means of parts of a picture: the screen shows it at another size.
_CLOSE = 6.0
PICTURES = {
    "gray": ("photos/rocket.jpg", "grayscale/resize:224,224/png"),
    "colour": ("photos/chelsea.jpg", "resize:256/center_crop:224/webp"),
    "bytes": ("photos/coffee.jpg", "resize:256/center_crop:224/npy"),
    "hwc": ("photos/coffee.jpg", "resize:96,128/npy:layout=hwc"),
    "flipped": ("photos/astronaut.jpg", "horizontal_flip/rotate:30/png"),
}


def _means(pixels: Array) -> Array:
    """Return the mean colours of the parts of a picture."""
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).resize(
        (_GRID, _GRID), Image.Resampling.BOX
    )
    return np.asarray(image, np.float64)


def _expected(bench: Workbench, key: str, pipeline: str) -> Array:
    """Return what the library computes, (height, width, 3) from 0 to 255."""
    head, _, _ = pipeline.rpartition("/")
    parsed = Pipeline.parse(f"{head}/npy:layout=hwc")
    found = np.atleast_3d(parsed((bench.served.folder / key).read_bytes()))
    return np.broadcast_to(found, (*found.shape[:2], 3)) if found.shape[2] == 1 else found


@pytest.mark.parametrize(("key", "pipeline"), PICTURES.values(), ids=PICTURES)
def test_what_is_seen_is_what_the_library_computes(
    bench: Workbench, key: str, pipeline: str
) -> None:
    bench.open(key, pipeline)
    bench.settled(pipeline)
    seen, expected = bench.pixels("after"), _expected(bench, key, pipeline)
    assert abs(seen.shape[1] / seen.shape[0] - expected.shape[1] / expected.shape[0]) < 0.05
    assert np.abs(_means(seen) - _means(expected)).max() < _CLOSE
    height, width = expected.shape[:2]
    expect(bench.caption("after")).to_contain_text(re.compile(f"{width}×{height}|{height}×{width}"))


def test_a_tensor_is_seen_without_its_normalisation_and_as_numbers(bench: Workbench) -> None:
    pipeline = "resize:256/center_crop:224/normalize:imagenet/npy"
    bench.open("photos/coffee.jpg", pipeline)
    bench.settled(pipeline)
    expect(bench.caption("after")).to_contain_text("float32")
    expect(bench.page.get_by_text("normalisation undone").first).to_be_visible()
    plain = _expected(bench, "photos/coffee.jpg", "resize:256/center_crop:224/npy")
    assert np.abs(_means(bench.pixels("after")) - _means(plain)).max() < _CLOSE
    array = np.asarray(
        Pipeline.parse(pipeline)((bench.served.folder / "photos/coffee.jpg").read_bytes())
    )
    bench.page.get_by_text("Numbers", exact=True).click()
    numbers = bench.page.get_by_role("tabpanel", name="Result")
    expect(numbers).to_contain_text("3 × 224 × 224")
    expect(numbers).to_contain_text(f"{array.min():.6g}")


def test_the_values_under_the_cursor_are_those_of_the_array(bench: Workbench) -> None:
    pipeline = "resize:64,64/npy:layout=hwc"
    bench.open("photos/coffee.jpg", pipeline)
    bench.settled(pipeline)
    array = np.asarray(
        Pipeline.parse(pipeline)((bench.served.folder / "photos/coffee.jpg").read_bytes())
    )
    box = bench.canvas("after").bounding_box()
    assert box
    x, y = 20, 41
    bench.page.mouse.move(
        box["x"] + (x + 0.5) / 64 * box["width"], box["y"] + (y + 0.5) / 64 * box["height"]
    )
    values = bench.page.get_by_label("Values under the pointer")
    for value in array[y, x]:
        expect(values).to_contain_text(re.compile(rf"\b{value}\b"))


def test_a_mask_keeps_its_classes(bench: Workbench) -> None:
    pipeline = "index/resize:60,80/png"
    bench.open("masks/classes.png", pipeline)
    bench.settled(pipeline)
    expect(bench.caption("after")).to_contain_text("60")
    seen = bench.pixels("after")
    height, width = seen.shape[:2]
    left, right = seen[height // 2, width // 4], seen[height // 2, 3 * width // 4]
    assert (left != right).any()


def _playable(sound: Locator, seconds: float) -> None:
    """Play it, and expect it to move on."""
    sound.evaluate(
        "(media) => new Promise((done) => media.readyState ? done() : (media.onloadedmetadata = done))"
    )
    assert abs(sound.evaluate("(media) => media.duration") - seconds) < 0.1
    sound.evaluate("(media) => { media.muted = true; return media.play(); }")
    sound.page.wait_for_timeout(300)
    assert sound.evaluate("(media) => media.currentTime") > 0
    sound.evaluate("(media) => media.pause()")


def test_sound_is_seen_and_both_sides_play(bench: Workbench) -> None:
    pipeline = "mono/resample:8000/wav"
    bench.open("sound/tone.wav", pipeline)
    bench.settled(pipeline)
    sounds = bench.page.locator("audio")
    expect(sounds).to_have_count(2)
    for place in range(2):
        _playable(sounds.nth(place), 1.5)
    for side in ("before", "after"):
        expect(bench.side(side)).to_contain_text("waveform")
        expect(bench.side(side)).to_contain_text("spectrogram")


def test_a_spectrogram_is_seen(bench: Workbench) -> None:
    pipeline = "mono/resample:16000/log_mel:whisper/npy"
    bench.open("sound/tone.wav", pipeline)
    bench.settled(pipeline)
    expect(bench.caption("after")).to_contain_text("spectrogram")
    assert bench.pixels("after")[..., :3].std() > 10  # it is not blank


def test_a_video_is_a_timeline_and_plays(bench: Workbench) -> None:
    pipeline = "sample_frames:4/resize:48,64/npy"
    bench.open("video/clip.mp4", pipeline)
    bench.settled(pipeline)
    _playable(bench.page.locator("video").first, 2.0)
    frames = bench.page.get_by_role("list", name="Frames of after").get_by_role("listitem")
    expect(frames).to_have_count(4)
    frames.nth(2).get_by_role("button").click()
    expect(bench.page.get_by_role("dialog")).to_be_visible()
    bench.page.keyboard.press("Escape")
    expect(bench.page.get_by_role("dialog")).to_have_count(0)


def test_a_video_of_the_result_plays(bench: Workbench) -> None:
    pipeline = "resize:48,64/mp4"
    bench.open("video/clip.mp4", pipeline)
    bench.settled(pipeline)
    films = bench.page.locator("video")
    expect(films).to_have_count(2)
    _playable(films.nth(1), 2.0)


def test_text_is_compared(bench: Workbench) -> None:
    pipeline = "strip_html/fix_mojibake/nfc/collapse_whitespace/text"
    bench.open("text/note.html", pipeline)
    bench.settled(pipeline)
    expect(bench.side("before").get_by_role("deletion").first).to_be_visible()
    expect(bench.side("after")).to_contain_text("thé")
    assert bench.side("before").locator("script, h1").count() == 0  # the source's markup is text


def test_tokens_are_coloured_pieces(bench: Workbench) -> None:
    pipeline = "tokenize:words,length=12/npy"
    bench.open("text/sentence.txt", pipeline)
    bench.settled(pipeline, re.compile("^tokenize:words,12"))  # and the tokenizer's digest
    pieces = bench.side("after").get_by_role("option")
    expect(pieces).to_have_count(12)
    assert [text.lower() for text in pieces.all_text_contents()[:8]] == list(WORDS[1:])
    pieces.nth(4).hover()
    expect(bench.side("after")).to_contain_text('token 4: id 5, "page"')


def test_a_shard_lists_its_samples_and_one_is_opened(bench: Workbench) -> None:
    pipeline = "resize:64,64/png"
    bench.watched.refusals |= {400, 422}
    bench.open("shards/samples.tar", pipeline)
    bench.side("before").get_by_role("button", name="Open 0001.jpg").click()
    bench.settled(pipeline)
    assert bench.query()["member"] == "0001.jpg"
    expected = np.asarray(
        Pipeline.parse("resize:64,64/npy:layout=hwc")(
            (bench.served.folder / "photos/coffee.jpg").read_bytes()
        )
    )
    assert np.abs(_means(bench.pixels("after")) - _means(expected)).max() < _CLOSE


def test_a_shard_goes_through_a_pipeline_of_shards(bench: Workbench) -> None:
    pipeline = "tar/resize:64,64/npy"
    bench.open("shards/samples.tar", pipeline)
    bench.settled(pipeline)
    expect(bench.side("after")).to_contain_text("0000")
    # A member has no tar/ to be unpacked by, and the way back to the shard has it again.
    bench.side("before").get_by_role("button", name="Open 0001.jpg").click()
    bench.settled("resize:64,64/npy")
    bench.page.get_by_role("button", name="back to").click()
    bench.settled(pipeline)


def test_a_broken_member_is_named(bench: Workbench) -> None:
    bench.watched.refusals.add(422)
    bench.open("shards/broken.tar", "tar/resize:64,64/npy")
    expect(bench.alerts.first).to_contain_text("0002.jpg")
    bench.side("before").get_by_role("button", name="Open 0001.jpg").click()
    expect(bench.canvas("before")).to_be_visible()


def test_a_broken_object_says_what_the_library_says(bench: Workbench) -> None:
    bench.watched.refusals.add(422)
    for key in ("broken/cut.jpg", "broken/noise.jpg", "broken/empty.png"):
        body = (bench.served.folder / key).read_bytes()
        try:
            Pipeline.parse("resize:64/png").encode(body)
        except Exception as error:
            said = str(error)
        bench.open(key, "resize:64/png")
        expect(bench.alerts.first).to_contain_text(said)
        expect(bench.status).to_have_text("failed")


def test_boxes_and_masks_are_drawn_over_both_sides(bench: Workbench) -> None:
    pipeline = "horizontal_flip/resize:128,128/png"
    bench.open("photos/coffee.jpg", pipeline)
    bench.settled(pipeline)
    before = [bench.pixels(side) for side in ("before", "after")]
    bench.open("photos/coffee.jpg", pipeline, boxes="60,80,300,320")
    bench.settled(pipeline)
    bench.page.wait_for_timeout(200)
    marked = [bench.pixels(side) for side in ("before", "after")]
    edges = []
    for plain, shown in zip(before, marked, strict=True):
        columns = (plain != shown).any(axis=2).any(axis=0).nonzero()[0] / shown.shape[1]
        edges.append((columns.min(), columns.max()))
    assert np.allclose(edges, [(0.1, 0.5), (0.5, 0.9)], atol=0.03)  # the photograph is flipped


@pytest.mark.parametrize("name", ["photos/coffee.jpg", "shards/samples.tar"])
def test_an_example_suits_the_source(bench: Workbench, name: str) -> None:
    bench.open(name, "")
    expect(bench.page.locator("#status")).to_have_text(re.compile("ready"))
    start = bench.page.locator(".beginning button")
    example = start.inner_text()
    start.click()
    bench.settled(example)
    expect(bench.page.get_by_role("button", name="Add step")).to_be_focused()


def test_stages_show_the_difference_to_exact(bench: Workbench) -> None:
    bench.open("photos/rocket.jpg", "resize:64,64/npy", tab="stages")
    panel = bench.page.get_by_role("tabpanel", name="Stages")
    expect(panel.locator("canvas").first).to_be_visible()
    expect(panel).to_contain_text(re.compile(r"\d+(\.\d+)? ms"))
    expect(panel).to_contain_text("exact")


def test_cost_is_answered_as_by_the_command(bench: Workbench) -> None:
    bench.open("photos/rocket.jpg", "resize:256/center_crop:224/npy", tab="cost")
    panel = bench.page.get_by_role("tabpanel", name="Cost")
    panel.get_by_role("button", name="Compute the cost").click()
    expect(panel.get_by_role("table").first).to_be_visible()
    expect(panel).to_contain_text("jitprep cost")
