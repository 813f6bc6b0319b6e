"""Numeric kernels: functions of arrays and numbers that return arrays, and keep no state.

Kernels know nothing of pipelines, files or plans. They use NumPy, and for a few operations scikit-image,
soxr, ftfy or tokenizers. Transforms are lowered to them, and stages of the planner call them.

- `image` has a module per group of operations. `image.pointwise` and `image.lut` change single samples;
  `image.strips` cuts large images for the others. Modules that name scikit-image call it.
- `image.geometry` moves pixels. For resizing, read `taps` (which inputs an output depends on), then
  `row_windows` and `bands` (their weights, for each pass), then `resample`. For rotations and
  perspective, read `projective` (matrices), then `warp`.
- `audio` starts at `stft`; `mel`, `logarithm`, `dct` and then `spectrogram` build on it.
- `text` has one module per operation on a ``str``; `text.map_texts` applies it to an array of texts.
- `scratch` lends memory that each thread reuses. `temporaries` lets a kernel state what it allocates
  besides its result, so that the planner can compute the peak memory of a plan.

To add a kernel, write a function, state its temporaries, and keep its result the same on every
processor; see docs/decisions/exact-sums.md.
"""

# Part of every fingerprint. Raise it when the bytes of any result change.
NUMERICS_VERSION = 3
