"""Input pipelines of other libraries, one module each: imported only in their environments.

Each is set up as its documentation recommends, with two workers. Where a library has no decoder or
resampling of its own, torchvision's tensors are the transform. Conversions are prepared before timing.
"""
