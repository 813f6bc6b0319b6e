"""A local page on which pipelines are built and tried: `jitprep play`.

The library computes, and the page shows. Read in this order:

1. ``app.py``: the routes, and how an answer is computed and cancelled; ``guard.py``: who may ask.
2. ``asks.py``: what the page asks for, as typed values.
3. ``places.py``, ``uploads.py`` and ``items.py``: where sources come from.
4. ``answers/``: one module per question of the page; ``drawing/``: what can be seen of a value.
5. ``page/``: HTML, CSS and ES modules, served as they are.
"""
