"""Kernels that move pixels: resampling, warps, erasing, contact sheets."""
