"""The S3 inside the endpoint: moto, with corrections.

For features that it does not implement, moto returns responses that look right: the whole object for
one part, or a listing for a bucket's metrics. Here every request is checked before moto gets it.
`subresources` rejects what moto does not support, with status 501. `object_reads`, `object_writes`,
`versions`, `uploads` and `listings` correct what moto does wrong, on moto's own state. If moto fails,
the client gets S3's XML. `application` shows the order. Only this package uses moto's internals.
"""
