"""Diagrams of the pages on training: the loader, the reader and shards."""

from __future__ import annotations

from tools.diagrams.drawing import Drawing

# Who makes each row of the batches in the ring: the host's cores (h) or the remote (r). Rows that are
# not made yet are dots. The first batch leaves first.
_RING = ("hhhhhhrh", "hhhrhhhr", "hrhhrh.h", "hh.hr...", "h.......")
_MADE_BY = {"h": ("head-host", 2), "r": ("head-server", 7), ".": ("plain", 2)}


def loader() -> str:
    """Return how a loader makes batches: by the machine's cores, with an overflow, in order."""
    drawing = Drawing(
        760,
        400,
        "How a Loader makes batches",
        "Originals go to worker processes, one per core of the host. Each worker decodes and "
        "transforms samples straight into rows of batches in shared memory. An overflow process "
        "asks a remote server or function for the samples that the training loop would wait "
        "for, and writes them into rows of the same batches. Batches leave in order to the loop "
        "and the GPU.",
    )
    drawing.box((16, 118), (112, 84), "store", ("Originals", "in a folder", "or a bucket"))
    drawing.frame((176, 40), (176, 240), "host", "Your host's cores")
    for place in range(3):
        lines = (f"worker {place + 1}", "decode, transform")
        drawing.box((188, 72 + 50 * place), (152, 42), "plain", lines)
    drawing.box((188, 226), (152, 42), "plain", ("overflow", "asks, receives"), dashed=True)
    drawing.box((176, 326), (176, 58), "server", ("Server or function", "the same pipeline"))
    _ring(drawing)
    drawing.box((632, 72), (112, 84), "host", ("Your loop", "batch after", "batch, in order"))
    drawing.box((632, 210), (112, 56), "plain", ("GPU", "trains"))
    drawing.arrow((128, 160), (176, 160))
    drawing.arrow((72, 202), (72, 355), (176, 355), tone="server")
    drawing.text((84, 300), "reads the", style="faint")
    drawing.text((84, 318), "originals itself", style="faint")
    drawing.arrow((232, 268), (232, 326), tone="server", dashed=True)
    drawing.arrow((296, 326), (296, 268), tone="server")
    drawing.text((304, 306), "results", style="faint")
    drawing.text((224, 306), "keys", "end", style="faint")
    drawing.arrow((340, 118), (400, 118), tone="host")
    drawing.arrow((340, 247), (400, 247), tone="server")
    drawing.arrow((584, 114), (632, 114), tone="host")
    drawing.arrow((688, 156), (688, 210), tone="host")
    drawing.text(
        (400, 306), "The overflow makes only what your loop would wait for.", style="faint"
    )
    drawing.text((400, 326), "What it cannot make, or is late with, a worker makes.", style="faint")
    drawing.text((400, 346), "Rows may be made in any order; batches leave in one.", style="faint")
    return drawing.svg()


def _ring(drawing: Drawing) -> None:
    """Draw batches in shared memory, the next one on top."""
    drawing.frame((400, 40), (184, 240), "store", "Ring in shared memory")
    for row, makers in enumerate(_RING):
        top = 72 + 32 * row
        drawing.text((410, top + 16), f"{row + 1}", style="faint")
        for column, maker in enumerate(makers):
            style, corners = _MADE_BY[maker]
            drawing.cell((426 + 18.5 * column, top), (15, 24), style, corners=corners)
    drawing.text((492, 246), "rows of batches, made by", "middle", "faint")
    drawing.cell((414, 256), (12, 14), "head-host", corners=2)
    drawing.text((430, 268), "a core", style="faint")
    drawing.cell((482, 256), (12, 14), "head-server", corners=6)
    drawing.text((498, 268), "the remote", style="faint")


def reader() -> str:
    """Return where the pipeline runs for each kind of address of `open_reader`."""
    drawing = Drawing(
        760,
        372,
        "Where open_reader's pipeline runs",
        "Four ways from a store to an array. An address of a folder or of originals in a store: "
        "your own process fetches the bytes and runs the pipeline. An address of a server: the "
        "server runs it. An address of a function or an access point: Lambda runs it. A bucket "
        "of results: a backfill ran it before. Your process receives equal arrays in each case.",
    )
    drawing.box(
        (16, 52), (104, 304), "store", ("Originals", "a folder,", "a bucket,", "a web server")
    )
    for x, words in ((16, "address"), (412, "where the pipeline runs")):
        drawing.text((x + (116 if x == 16 else 0), 34), words, style="faint")
    lanes = (
        (
            "host",
            ("file:DIR", "s3://BUCKET/ + pipeline"),
            ("your process", "decodes and transforms"),
        ),
        (
            "server",
            ("http://HOST/MOUNT", "s3://MOUNT + endpoint"),
            ("a server", "of yours, for many readers"),
        ),
        (
            "function",
            ("lambda:FUNCTION/BUCKET", "https://…, s3://ALIAS"),
            ("a function", "in Lambda, for each read"),
        ),
        ("copies", ("s3://BUCKET", "of results"), ("a job, once", "stores copies")),
    )
    for place, (tone, address, where) in enumerate(lanes):
        top = 52 + 78 * place
        middle = top + 35
        drawing.arrow((120, middle), (348, middle), tone=tone)
        for line, words in enumerate(address):
            drawing.text(
                (132, middle - 8 + 24 * line), words, style="ink bold" if line == 0 else "faint"
            )
        drawing.box((348, top + 6), (204, 58), tone, where)
        drawing.arrow((552, middle), (640, middle), tone=tone)
        sent = ("results", "results", "results", "copies")[place] if place else ""
        drawing.text((592, middle - 8), sent, "middle", "faint")
    drawing.box((640, 52), (104, 304), "host", ("Your loop", "equal arrays", "from each"))
    return drawing.svg()


def shards() -> str:
    """Return how a shard is transformed as it streams."""
    drawing = Drawing(
        760,
        300,
        "How a shard is transformed",
        "One request reads a tar archive. Its members arrive one after another. Images are "
        "decoded, transformed and renamed; labels pass unchanged. The archive of results leaves "
        "in the same order, and its first sample leaves while the shard still arrives.",
    )
    drawing.text((16, 34), "the stored shard", style="faint")
    drawing.text((744, 34), "the answer", "end", "faint")
    drawing.frame((264, 48), (232, 190), "server", "tar/resize:256/…/npy")
    drawing.box((280, 84), (200, 60), "plain", ("0002.jpg", "decode, transform, encode"))
    drawing.box((280, 160), (200, 60), "plain", ("0002.cls", "passes unchanged"))
    for name, top in (("0003", 48), ("0004", 147)):
        _member(drawing, 16, top, f"{name}.jpg", "store")
        _member(drawing, 16, top + 46, f"{name}.cls", "plain")
    drawing.text((76, 252), "a thousand samples", "middle", "faint")
    drawing.arrow((136, 143), (264, 143))
    drawing.text((200, 132), "one GET", "middle", "faint")
    for name, top in (("0000", 48), ("0001", 147)):
        _member(drawing, 624, top, f"{name}.npy", "server")
        _member(drawing, 624, top + 46, f"{name}.cls", "plain")
    drawing.text((684, 252), "the order is kept", "middle", "faint")
    drawing.arrow((496, 143), (624, 143), tone="server")
    drawing.text((560, 132), "streamed", "middle", "faint")
    drawing.text(
        (380, 264), "One sample is in memory at a time, and the first one", "middle", "faint"
    )
    drawing.text((380, 282), "leaves while the shard still arrives.", "middle", "faint")
    return drawing.svg()


def _member(drawing: Drawing, left: float, top: float, name: str, tone: str) -> None:
    drawing.box((left, top), (120, 42), tone, (name,))
