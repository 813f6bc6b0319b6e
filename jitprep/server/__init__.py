"""Plain HTTP server: S3's read API over mounts, each a source and a pipeline.

``python -m jitprep.server`` is ``jitprep serve``. To follow one GetObject from here down: `app` is the
ASGI application, and calls `routing`, `access`, `requests`, then `jitprep.service.dispatch` in one of
the worker's threads (`work`), and `replies`. `configuration` reads ``jitprep.toml``.
"""
