"""A source is drawn again only where it changed, or its pictures fell off the desk."""

from __future__ import annotations

from jitprep.playground.asks import SourceAsk
from jitprep.playground.desk import Asset, Desk
from jitprep.playground.drawing.view import Frame, View
from jitprep.playground.items import Item
from jitprep.playground.looking.source_views import SourceViews

ASK = SourceAsk(place="p", key="k")


class Drawing:
    """Draws, and counts how often."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.times = desk, 0

    def __call__(self) -> View:
        self.times += 1
        asset = self.desk.put(Asset(bytes(100), "x", 5, 5))
        return View("image", "image", frames=(Frame(asset, 5, 5),))


def item(content: bytes = b"a", etag: str | None = None) -> Item:
    return Item("k", "k", etag, content)


def test_a_view_stays_while_its_source_does() -> None:
    desk, views = Desk(), SourceViews()
    draw = Drawing(desk)
    first = views.get(desk, ASK, item(), "image", draw)
    assert views.get(desk, ASK, item(), "image", draw) is first
    assert draw.times == 1
    for other in (
        (ASK, item(b"b"), "image"),
        (ASK, item(etag='"e"'), "image"),
        (ASK, item(), "index"),
        (SourceAsk(place="p", key="l"), item(), "image"),
    ):
        assert views.get(desk, *other, draw) is not first
    assert draw.times == 5


def test_what_fell_off_the_desk_is_drawn_again() -> None:
    desk, views = Desk(250), SourceViews()
    draw = Drawing(desk)
    first = views.get(desk, ASK, item(), "image", draw)
    desk.put(Asset(bytes(100), "x"))
    assert (
        views.get(desk, ASK, item(), "image", draw) is first
    )  # and stays now longer than the other
    desk.put(Asset(bytes(100), "x"))
    assert views.get(desk, ASK, item(), "image", draw) is first
    for _ in range(2):
        desk.put(Asset(bytes(100), "x"))
    again = views.get(desk, ASK, item(), "image", draw)
    assert again is not first
    assert desk.get(again.frames[0].asset) is not None


def test_few_views_are_kept() -> None:
    desk, views = Desk(), SourceViews()
    draw = Drawing(desk)
    for number in range(40):
        views.get(desk, ASK, item(bytes([number])), "image", draw)
    views.get(desk, ASK, item(bytes([39])), "image", draw)
    assert draw.times == 40
    views.get(desk, ASK, item(bytes([0])), "image", draw)
    assert draw.times == 41
