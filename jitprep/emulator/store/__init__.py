"""The S3 inside the endpoint: moto, each of its answers judged.

moto answers what it does not implement with something that looks right: the whole object for one
of its parts, a listing for a bucket's metrics. Here each request meets a check before moto is asked:
what moto does wrong is done here on moto's own state (`reads`, `writes`, `versions`, `listings`),
what it does not know is refused with 501 (`served`), and where it fails, the client gets S3's XML.
`application` shows the order. Nothing outside this folder knows how moto keeps its state.
"""
