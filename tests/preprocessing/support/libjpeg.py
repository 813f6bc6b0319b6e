"""Pillow's copy of libjpeg-turbo, called directly to collect every warning."""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from pathlib import Path

import numpy as np
import PIL

_Message = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
_Error = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
# sizeof(struct jpeg_decompress_struct) of the API and ABI of libjpeg 6.2, on 64 bits.
_VERSION, _SIZE = 62, 632
# Offsets in jpeglib.h's struct jpeg_error_mgr, in words: two callbacks, and the code after five.
_EXIT, _EMIT, _CODE = 0, 1, 5


@cache
def library() -> ctypes.CDLL | None:
    """Return the library; None if Pillow was built with the system's."""
    found = sorted((Path(PIL.__file__).parent.parent / "pillow.libs").glob("libjpeg*"))
    if not found:
        return None
    library = ctypes.CDLL(str(found[0]))
    library.jpeg_std_error.restype = ctypes.c_void_p
    return library


def warnings_of(data: bytes, height: int) -> list[int]:
    """Decode, and return the codes of libjpeg's warnings (jerror.h); -1 for an error.

    libjpeg's error callback may not return, so its thread waits until the process ends.
    """
    warnings: list[int] = []
    thread = threading.Thread(target=_decode, args=(data, height, warnings), daemon=True)
    thread.start()
    while thread.is_alive() and -1 not in warnings:
        thread.join(0.005)
    return warnings


def _decode(data: bytes, height: int, warnings: list[int]) -> None:
    library_ = library()
    assert library_ is not None
    errors = (ctypes.c_void_p * 64)()
    state = (ctypes.c_void_p * 256)()

    def emit(_: int, level: int) -> None:
        if level < 0:
            code = ctypes.cast(ctypes.byref(errors, 8 * _CODE), ctypes.POINTER(ctypes.c_int))
            warnings.append(code[0])

    def fail(_: int) -> None:
        warnings.append(-1)
        threading.Event().wait()

    callbacks = _Error(fail), _Message(emit)
    state[0] = library_.jpeg_std_error(errors)
    errors[_EXIT] = ctypes.cast(callbacks[0], ctypes.c_void_p)
    errors[_EMIT] = ctypes.cast(callbacks[1], ctypes.c_void_p)
    library_.jpeg_CreateDecompress(state, _VERSION, ctypes.c_size_t(_SIZE))
    library_.jpeg_mem_src(state, data, ctypes.c_ulong(len(data)))
    library_.jpeg_read_header(state, 1)
    library_.jpeg_start_decompress(state)
    row = np.empty(4 * 65536, np.uint8)
    rows = (ctypes.c_void_p * 1)(row.ctypes.data)
    for _ in range(height):
        library_.jpeg_read_scanlines(state, rows, 1)
    library_.jpeg_finish_decompress(state)
    library_.jpeg_destroy_decompress(state)
