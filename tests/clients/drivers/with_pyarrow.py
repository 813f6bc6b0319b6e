"""pyarrow.fs, which uses AWS's SDK for C++."""

from __future__ import annotations

from protocol import Job, Read, main, words_of
from pyarrow import fs


def connect(job: Job) -> fs.S3FileSystem:
    # It gives up after 3 seconds without a byte, which a large transform may take.
    return fs.S3FileSystem(endpoint_override=job.endpoint, request_timeout=60)


def open_input_file(job: Job) -> Read:
    s3 = connect(job)
    read = {}
    for key in job.keys:
        with s3.open_input_file(f"{job.bucket}/{key}") as file:
            read[key] = file.read()
    return read


def read_ranges(job: Job) -> Read:
    s3 = connect(job)
    read = {}
    for key in job.keys:
        with s3.open_input_file(f"{job.bucket}/{key}") as file:
            half = file.size() // 2
            end = file.read_at(file.size(), half)  # asks for more than there is
            read[key] = file.read_at(half, 0) + end
    return read


def open_input_stream(job: Job) -> Read:
    s3 = connect(job)
    read = {}
    for key in job.keys:
        with s3.open_input_stream(f"{job.bucket}/{key}") as file:
            read[key] = file.read()
    return read


def select_then_open(job: Job) -> Read:
    s3 = connect(job)
    read = {}
    for info in s3.get_file_info(fs.FileSelector(f"{job.bucket}/{job.prefix}")):
        with s3.open_input_file(info.path) as file:
            read[info.path.removeprefix(f"{job.bucket}/")] = file.read()
    return read


def get_file_info(job: Job) -> Read:
    s3 = connect(job)
    infos = s3.get_file_info([f"{job.bucket}/{key}" for key in job.keys])
    return {info.path.removeprefix(f"{job.bucket}/"): info.size for info in infos}


def file_selector(job: Job) -> Read:
    infos = connect(job).get_file_info(fs.FileSelector(f"{job.bucket}/{job.prefix}"))
    return {info.path.removeprefix(f"{job.bucket}/"): info.size for info in infos}


def virtual_host(job: Job) -> Read:
    # libcurl resolves every subdomain of localhost by itself.
    s3 = fs.S3FileSystem(
        endpoint_override=job.endpoint, force_virtual_addressing=True, request_timeout=60
    )
    read = {}
    for key in job.keys:
        with s3.open_input_file(f"{job.bucket}/{key}") as file:
            read[key] = file.read()
    return read


def limits(job: Job) -> Read:
    s3 = connect(job)
    path = f"{job.bucket}/{job.prefix}missing.jpg"

    def write() -> None:
        with s3.open_output_stream(path) as file:
            file.write(b"text")

    return {
        "missing": words_of(lambda: s3.open_input_file(path)),
        "written": words_of(write),
        "keys": len(s3.get_file_info(fs.FileSelector(f"{job.bucket}/{job.prefix}"))),
    }


if __name__ == "__main__":
    main(
        "pyarrow",
        *(open_input_file, read_ranges, open_input_stream, select_then_open),
        *(get_file_info, file_selector, virtual_host, limits),
    )
