"""tf.data: TensorFlow's decoder and resampling, in two threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from bench.train.workload import Epoch, Workload


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of a tf.data.Dataset, as NumPy arrays."""
    tf.config.threading.set_intra_op_parallelism_threads(1)

    def read(path: Any) -> Any:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        size = tf.shape(image)[:2]
        scaled = tf.cast(size * workload.resize, tf.float32) / tf.cast(
            tf.reduce_min(size), tf.float32
        )
        whole = tf.image.resize(image, tf.cast(scaled, tf.int32), antialias=True)
        top, left = tf.unstack(tf.shape(whole)[:2] - workload.crop)
        cut = whole[top // 2 :, left // 2 :][: workload.crop, : workload.crop]
        return tf.transpose(tf.cast(tf.round(cut), tf.uint8), (2, 0, 1))

    options = tf.data.Options()
    options.threading.private_threadpool_size = workload.workers
    made = (
        tf.data.Dataset.from_tensor_slices(workload.paths)
        .map(read, num_parallel_calls=workload.workers)
        .batch(workload.batch)
        .prefetch(tf.data.AUTOTUNE)
        .with_options(options)
    )
    yield lambda _: made.as_numpy_iterator()
