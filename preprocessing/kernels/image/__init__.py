"""Kernels of images: arrays (row, column, channel) in and out."""
