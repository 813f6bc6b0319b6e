"""Kernels of sound: arrays (channel, sample) in, and spectrograms (channel, bin, frame) out.

Spectra are computed in float64; powers, and what is made of them, in float32. What any processor
computes in its own way is avoided: sines and logarithms of constants are rounded to float32 before they
are used, sums are made in one order, and the logarithm is our own. What is left is the FFT, NumPy's,
which is one program for all processors of an architecture. So results are the same bytes on all of
x86-64; on another one, whose compiler may fuse a product and a sum, a value may differ in its last bit.
"""
