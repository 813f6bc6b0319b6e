"""Jobs whose objects S3 lists itself."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from .batch import ACCOUNT, Batch, counts

SOURCE = "generated"
# Sizes by key; the key names what the function does.
OBJECTS = {
    "Succeeded:a/1.jpg": 1,
    "Succeeded:a/2.png": 20,
    "Succeeded:a/crème, +1%.jpg": 300,
    "Succeeded:b/1.jpg": 20,
    "Succeeded:b/": 0,
}
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def stored(batch: Batch) -> Batch:
    batch.s3.create_bucket(Bucket=SOURCE)
    for key, size in OBJECTS.items():
        batch.s3.put_object(Bucket=SOURCE, Key=key, Body=bytes(size))
    return batch


def generator(**settings: Any) -> dict[str, Any]:
    """Return the settings of a job that lists the bucket."""
    whole = {"SourceBucket": f"arn:aws:s3:::{SOURCE}", "EnableManifestOutput": False, **settings}
    return {"Manifest": None, "ManifestGenerator": {"S3JobManifestGenerator": whole}}


def names(**rules: str) -> dict[str, Any]:
    return {"KeyNameConstraint": {f"MatchAny{rule}": [text] for rule, text in rules.items()}}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, lambda key, size: True),
        (names(Prefix="Succeeded:a/"), lambda key, size: "a/" in key),
        (names(Suffix=".jpg"), lambda key, size: key.endswith("jpg")),
        (names(Prefix="Succeeded:a", Substring="1", Suffix="jpg"), lambda key, size: size in {1, 300}),
        ({"ObjectSizeGreaterThanBytes": 1, "ObjectSizeLessThanBytes": 300},
         lambda key, size: size == 20),
        ({"MatchAnyStorageClass": ["STANDARD", "GLACIER"]}, lambda key, size: True),
        ({"CreatedAfter": datetime.now(UTC) - HOUR, "CreatedBefore": datetime.now(UTC) + HOUR},
         lambda key, size: True),
    ],
)  # fmt: skip
def test_a_job_has_the_objects_that_match_its_filter(stored, rules, expected):
    job, rows = stored.run(**generator(Filter=rules))
    keys = {key for key, size in OBJECTS.items() if expected(key, size)}
    assert (job["Status"], counts(job)) == ("Complete", (len(keys), len(keys), 0))
    assert {(row[0], unquote(row[1])) for row in rows} == {(SOURCE, key) for key in keys}
    assert "GeneratedManifestDescriptor" not in job


def test_the_manifest_is_stored_where_the_job_asks(stored):
    output = {
        "Bucket": "arn:aws:s3:::reports",
        "ManifestPrefix": "lists",
        "ManifestFormat": "S3InventoryReport_CSV_20211130",
        "ManifestEncryption": {"SSES3": {}},
    }
    settings = generator(
        EnableManifestOutput=True, ManifestOutputLocation=output, ExpectedBucketOwner=ACCOUNT
    )
    job, _ = stored.run(**settings)
    assert job["ManifestGenerator"] == settings["ManifestGenerator"]
    assert "Manifest" not in job
    made = job["GeneratedManifestDescriptor"]
    assert made["Format"] == "S3InventoryReport_CSV_20211130"
    bucket, _, key = made["Location"]["ObjectArn"].removeprefix("arn:aws:s3:::").partition("/")
    assert key.startswith("lists/job-")
    read = stored.s3.get_object(Bucket=bucket, Key=key)
    assert read["ETag"].strip('"') == made["Location"]["ETag"]
    (part,) = json.loads(read["Body"].read())["files"]
    body = gzip.decompress(stored.s3.get_object(Bucket=bucket, Key=part["key"])["Body"].read())
    rows = list(csv.reader(io.StringIO(body.decode())))
    again, _ = stored.run(Manifest=stored.manifest("".join(f"{b},{k}\n" for b, k in rows)))
    assert counts(again) == counts(job) == (5, 5, 0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Filter": names(Prefix="no/such")}, "found no keys matching the filter criteria"),
        ({"ExpectedBucketOwner": "210987654321"}, "belongs to account 123456789012"),
        ({"SourceBucket": "arn:aws:s3:::versions-of-it"}, "which versions"),
        ({"SourceBucket": "arn:aws:s3:::no-such-bucket"}, "no-such-bucket"),
    ],
)
def test_a_manifest_that_cannot_be_made_fails_the_job(stored, settings, words):
    stored.s3.create_bucket(Bucket="versions-of-it")
    stored.s3.put_bucket_versioning(
        Bucket="versions-of-it", VersioningConfiguration={"Status": "Enabled"}
    )
    job = stored.wait(stored.create(**generator(**settings)))
    assert (job["Status"], counts(job)) == ("Failed", (0, 0, 0))
    assert words in job["FailureReasons"][0]["FailureReason"]
