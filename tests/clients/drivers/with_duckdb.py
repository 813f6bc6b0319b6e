"""DuckDB, whose extension httpfs reads S3."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import duckdb
import duckdb_ext
from protocol import Job, Read, main, words_of


def connect(job: Job) -> duckdb.DuckDBPyConnection:
    # INSTALL httpfs, where duckdb-ext-httpfs is not installed.
    settings = {"extension_directory": f"{duckdb_ext.__path__[0]}/extensions"}
    db = duckdb.connect(config=settings)
    db.execute("LOAD httpfs")
    db.execute(
        f"""CREATE SECRET (
            TYPE s3, ENDPOINT '{urlsplit(job.endpoint).netloc}', USE_SSL false, URL_STYLE 'path',
            KEY_ID '{os.environ["AWS_ACCESS_KEY_ID"]}', SECRET '{os.environ["AWS_SECRET_ACCESS_KEY"]}'
        )"""
    )
    return db


def read_blob(job: Job) -> Read:
    db = connect(job)
    read = {}
    for key in job.keys:
        url = f"s3://{job.bucket}/{key}"
        ((read[key],),) = db.execute("SELECT content FROM read_blob(?)", [url]).fetchall()
    return read


def read_blob_by_glob(job: Job) -> Read:
    rows = connect(job).execute(
        "SELECT filename, content FROM read_blob(?)", [f"s3://{job.bucket}/{job.prefix}*"]
    )
    return {url.removeprefix(f"s3://{job.bucket}/"): content for url, content in rows.fetchall()}


def size(job: Job) -> Read:
    db = connect(job)
    read = {}
    for key in job.keys:
        url = f"s3://{job.bucket}/{key}"
        ((read[key],),) = db.execute("SELECT size FROM read_blob(?)", [url]).fetchall()
    return read


def limits(job: Job) -> Read:
    db = connect(job)
    folder = f"s3://{job.bucket}/{job.prefix}"
    missing = f"FROM read_blob('{folder}missing.jpg')"
    written = f"COPY (SELECT 1) TO '{folder}missing.csv'"
    ((keys,),) = db.execute("SELECT count(*) FROM glob(?)", [f"{folder}*"]).fetchall()
    return {
        "missing": words_of(lambda: db.execute(missing).fetchall()),
        "written": words_of(lambda: db.execute(written)),
        "keys": keys,
    }


if __name__ == "__main__":
    main("duckdb", read_blob, read_blob_by_glob, size, limits, has_threads=True)
