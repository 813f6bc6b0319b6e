"""S3's headers that describe an object, by the type of their values in JSON.

A function may set these. Other headers that it sends, such as those of its connection or the
identifiers of its own request to S3, must not reach the client.
"""

from __future__ import annotations

NUMBERS = frozenset(
    {
        "content-length",
        "x-amz-missing-meta",
        "x-amz-mp-parts-count",
        "x-amz-object-lock-event-hold-duration-days",
        "x-amz-object-lock-event-hold-duration-years",
        "x-amz-tagging-count",
    }
)
BOOLEANS = frozenset({"x-amz-delete-marker", "x-amz-server-side-encryption-bucket-key-enabled"})
STRINGS = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-range",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "x-amz-archive-status",
        "x-amz-checksum-crc32",
        "x-amz-checksum-crc32c",
        "x-amz-checksum-crc64nvme",
        "x-amz-checksum-md5",
        "x-amz-checksum-sha1",
        "x-amz-checksum-sha256",
        "x-amz-checksum-sha512",
        "x-amz-checksum-type",
        "x-amz-checksum-xxhash128",
        "x-amz-checksum-xxhash3",
        "x-amz-checksum-xxhash64",
        "x-amz-expiration",
        "x-amz-object-lock-event-hold",
        "x-amz-object-lock-legal-hold",
        "x-amz-object-lock-mode",
        "x-amz-object-lock-retain-until-date",
        "x-amz-replication-status",
        "x-amz-request-charged",
        "x-amz-restore",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-server-side-encryption-customer-key-md5",
        "x-amz-storage-class",
        "x-amz-version-id",
        "x-amz-website-redirect-location",
    }
)
OBJECT_HEADERS = NUMBERS | BOOLEANS | STRINGS
METADATA = "x-amz-meta-"
