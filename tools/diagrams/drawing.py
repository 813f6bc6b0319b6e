"""`Drawing`: boxes, lines and texts of a diagram, written as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

Point = tuple[float, float]

# Height of a line, and what a character takes of a line in a wide sans-serif font, in pixels.
LINE, _CHARACTER, _BOLD = 18, 6.9, 7.5
_PADDING = 8
# Fill and stroke of boxes in light and in dark, by what the box stands for.
TONES = {
    "store": ("#eef1f4", "#8c959f", "#2a313a", "#8c959f"),
    "host": ("#ddf4ff", "#3f66a3", "#12304f", "#6ca4e0"),
    "server": ("#dcf5e7", "#2f7d57", "#113826", "#52a87d"),
    "function": ("#fff0e0", "#c8602f", "#46230f", "#e08a55"),
    "copies": ("#ece9fb", "#6f5bb8", "#2b2450", "#9d8be0"),
    "plain": ("#ffffff", "#8c959f", "#1c2128", "#6e7781"),
}
LIGHT = {"page": "#ffffff", "edge": "#d0d7de", "ink": "#1f2328", "faint": "#59636e"}
DARK = {"page": "#14181d", "edge": "#3d444d", "ink": "#f0f3f6", "faint": "#a3adb8"}


class Drawing:
    """A diagram with a background of its own, so that it is legible on any page.

    Parameters
    ----------
    width, height : int
        In pixels at full size.
    title, about : str
        What the diagram is, and what it shows to those who do not see it.
    """

    def __init__(self, width: int, height: int, title: str, about: str) -> None:
        self._size = (width, height)
        self._words = (title, about)
        self._parts: list[str] = []

    def box(
        self, corner: Point, size: Point, tone: str, lines: Sequence[str], *, dashed: bool = False
    ) -> None:
        """Draw a box; its first line is bold, and all lines are centred.

        Raises
        ------
        ValueError
            If a line is wider, or all are higher, than the box.
        """
        (left, top), (width, height) = corner, size
        widths = [len(x) * (_CHARACTER if i else _BOLD) for i, x in enumerate(lines)]
        if lines and (max(widths) > width - _PADDING or len(lines) * LINE > height):
            raise ValueError(f"a box of {width}×{height} is too small for {lines!r}")
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self._parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="6" '
            f'class="{tone}"{dashes}/>'
        )
        first = top + (height - LINE * len(lines)) / 2 + 13
        for place, line in enumerate(lines):
            middle = (left + width / 2, first + LINE * place)
            self.text(middle, line, "middle", "ink" if place else "ink bold")

    def frame(self, corner: Point, size: Point, tone: str, title: str) -> None:
        """Draw a box for other boxes, its title at the top."""
        self.box(corner, size, tone, ())
        self.text((corner[0] + size[0] / 2, corner[1] + 20), title, "middle", "ink bold")

    def cell(self, corner: Point, size: Point, style: str, *, corners: int = 2) -> None:
        """Draw a small rectangle; rounder ones differ for those who do not see colours."""
        (left, top), (width, height) = corner, size
        self._parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="{corners}" '
            f'class="{style}"/>'
        )

    def text(self, place: Point, words: str, anchor: str = "start", style: str = "ink") -> None:
        """Write a line that starts, ends or is centred at a place on its baseline."""
        x, y = place
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{style}">{escape(words)}</text>'
        )

    def arrow(self, *points: Point, tone: str = "store", dashed: bool = False) -> None:
        """Draw a line through points, with a head at the last one."""
        self.line(*points, tone=tone, dashed=dashed)
        (x0, y0), (x, y) = points[-2:]
        length = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5
        along, down = (x - x0) / length, (y - y0) / length
        base_x, base_y = x - 9 * along, y - 9 * down
        corners = f"{x:g},{y:g} {base_x - 5 * down:g},{base_y + 5 * along:g} "
        corners += f"{base_x + 5 * down:g},{base_y - 5 * along:g}"
        self._parts.append(f'<polygon points="{corners}" class="head-{tone}"/>')

    def line(self, *points: Point, tone: str = "store", dashed: bool = False) -> None:
        """Draw a line through points."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self._parts.append(f'<polyline points="{path}" class="line-{tone}"{dashes}/>')

    def dot(self, place: Point, tone: str = "store") -> None:
        """Draw a dot, where two lines meet."""
        self._parts.append(
            f'<circle cx="{place[0]:g}" cy="{place[1]:g}" r="5" class="head-{tone}"/>'
        )

    def svg(self) -> str:
        """Return the SVG."""
        width, height = self._size
        title, about = map(escape, self._words)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-labelledby="title about" '
            'font-family="sans-serif" font-size="13">'
        )
        page = (
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" class="page"/>'
        )
        named = (f'<title id="title">{title}</title>', f'<desc id="about">{about}</desc>')
        return "\n".join((head, *named, _style(), page, *self._parts, "</svg>")) + "\n"


def _style() -> str:
    light, dark = _rules(LIGHT, 0), _rules(DARK, 2)
    shared = "polyline{fill:none;stroke-width:2}.bold{font-weight:600}"
    return f"<style>{shared}{light}@media (prefers-color-scheme:dark){{{dark}}}</style>"


def _rules(colors: dict[str, str], place: int) -> str:
    rules = [
        f".page{{fill:{colors['page']};stroke:{colors['edge']}}}",
        f".ink{{fill:{colors['ink']}}}.faint{{fill:{colors['faint']}}}",
    ]
    for tone, hues in TONES.items():
        fill, stroke = hues[place : place + 2]
        rules.append(f".{tone}{{fill:{fill};stroke:{stroke}}}")
        rules.append(f".line-{tone}{{stroke:{stroke}}}.head-{tone}{{fill:{stroke}}}")
    return "".join(rules)
