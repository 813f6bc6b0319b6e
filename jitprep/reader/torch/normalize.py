"""Normalisation of a batch, on the device that holds it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

# Of ImageNet's photographs, in [0, 1].
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


def normalize_batch(
    images: torch.Tensor,
    mean: Sequence[float] = _MEAN,
    std: Sequence[float] = _STD,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Return ``(images / white - mean) / std`` as floats, computed where the images are.

    Integers then cross to the GPU as they are, in a quarter of the bytes.

    Parameters
    ----------
    images : Tensor
        Shape (..., C, H, W). White is the largest value of an integer dtype, and 1 of a float dtype.
    mean, std : sequence of float
        One value per channel, or one for all. Default: ImageNet's.
    dtype : dtype
        Of the result, such as `torch.bfloat16`. The sums are float32.

    Raises
    ------
    ValueError
        If the numbers of channels differ.
    """
    channels = images.shape[-3]
    if not {len(mean), len(std)} <= {1, channels}:
        raise ValueError(
            f"images have {channels} channels, mean has {len(mean)} values, and std {len(std)}"
        )
    white = 1.0 if images.dtype.is_floating_point else float(torch.iinfo(images.dtype).max)
    options = {"dtype": torch.float32, "device": images.device}
    scale = 1 / (torch.tensor(std, **options) * white)
    shift = -torch.tensor(mean, **options) / torch.tensor(std, **options)
    whole = torch.addcmul(shift[:, None, None], images.float(), scale[:, None, None])
    return whole.to(dtype)
