"""Writes Tests/LongTailTests/Fixtures/augmentation.json: moving and recolouring a few small pictures with PyTorch.

Needs torch and numpy. Run it from anywhere: `python augmentation_fixtures.py`. The file is committed, so that the tests
need no Python. The steps are those of Karras et al. 2020 (Section B.3), each written with PyTorch's own operations:
reflecting `pad`, `conv_transpose2d` and `conv2d` by the wavelet filter, `affine_grid` and `grid_sample`.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FILE = Path(__file__).resolve().parent.parent / "LongTailTests" / "Fixtures" / "augmentation.json"
SYMLET = torch.tensor([
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148], dtype=torch.float64)
MARGIN = len(SYMLET) // 4


def filtered(x, transposed):
    """The filter along both axes, from each pixel to two or from two to one."""
    n, c, h, w = x.shape
    kernel = torch.outer(SYMLET, SYMLET)[None, None]
    planes = x.reshape(n * c, 1, h, w)
    planes = F.conv_transpose2d(planes, kernel, stride=2) if transposed else F.conv2d(planes, kernel, stride=2)
    return planes.reshape(n, c, *planes.shape[2:])


def moved(x, inverse):
    n, c, h, w = x.shape
    middle = torch.tensor([(w - 1) / 2, (h - 1) / 2], dtype=torch.float64)
    corners = torch.tensor([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], dtype=torch.float64)
    corners[:, :2] *= middle
    reached = torch.cat([(corners @ matrix.T)[:, :2] for matrix in inverse])
    most = torch.tensor([w - 1, h - 1])

    def border(reach):
        beyond = (reach.max(dim=0).values - middle + 2 * MARGIN).ceil()
        return torch.minimum(beyond.clamp(min=0), most).int().tolist()

    (left, top), (right, bottom) = border(-reached), border(reached)
    x = F.pad(x, (left, right, top, bottom), mode="reflect")
    # The transposed convolution gives 2N + 10 values; the 6th belongs to the first pixel's first half.
    x = filtered(x, transposed=True)[:, :, 5:-5, 5:-5]
    x = x[:, :, :2 * (h + top + bottom), :2 * (w + left + right)]

    height, width = 2 * (h + 2 * MARGIN), 2 * (w + 2 * MARGIN)
    shift = torch.tensor([(left - right) / 2, (top - bottom) / 2], dtype=torch.float64)
    maps = []
    for matrix in inverse:
        # Positions at twice the size, half a pixel off: q = 2 (A (q' + 1/2) / 2 + b + shift) - 1/2.
        linear, offset = matrix[:2, :2], matrix[:2, 2]
        half = torch.full([2], 0.5, dtype=torch.float64)
        offset = linear @ half + 2 * (offset + shift) - half
        to_unit = torch.tensor([2 / x.shape[3], 2 / x.shape[2]], dtype=torch.float64)
        to_pixels = torch.tensor([width / 2, height / 2], dtype=torch.float64)
        maps.append(torch.cat([to_unit[:, None] * linear * to_pixels, (to_unit * offset)[:, None]], dim=1))
    grid = F.affine_grid(torch.stack(maps), [n, c, height, width], align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="zeros", align_corners=False)
    # Halving is the adjoint of doubling: the same filter, read backwards, without the margin.
    return filtered(x[:, :, 1:-1, 1:-1], transposed=False)


def recoloured(x, colour):
    return torch.einsum("nrc,nchw->nrhw", colour[:, :, :3], x) + colour[:, :, 3, None, None]


def values(tensor):
    return [float(f"{value:.7g}") for value in tensor.detach().reshape(-1).tolist()]


def case(generator, height, width, inverse):
    inverse = torch.tensor(inverse, dtype=torch.float64).reshape(-1, 2, 3)
    count = len(inverse)
    inverse = torch.cat([inverse, torch.tensor([0.0, 0, 1]).double().expand(count, 1, 3)], dim=1)

    def drawn(*shape):
        return torch.from_numpy(np.round(generator.normal(size=shape), 3))

    def picture(tensor):
        return values(tensor.permute(0, 2, 3, 1))

    colour = drawn(count, 3, 4)
    x, seed = drawn(count, 3, height, width).requires_grad_(), drawn(count, 3, height, width)
    output = recoloured(moved(x, inverse), colour)
    gradient = torch.autograd.grad(output, x, seed)[0]
    return {
        "height": height, "width": width, "inverse": inverse[:, :2].reshape(count, 6).tolist(),
        "colour": colour.reshape(count, 12).tolist(), "input": picture(x), "output": picture(output),
        "seed": picture(seed), "gradient": picture(gradient),
    }


if __name__ == "__main__":
    generator = np.random.default_rng(2)
    turn, scale = 0.7, 1.3
    turned = [math.cos(turn) * scale, -math.sin(turn), 0.4, math.sin(turn), math.cos(turn) / scale, -1.7]
    cases = [
        # Borders as wide as can be reflected.
        case(generator, 7, 9, [turned, [-0.4, 0.1, 3.0, 0.0, 0.5, 0.2], [1, 0, 0, 0, 1, 0]]),
        # Narrower ones, each of another width.
        case(generator, 15, 16, [[0.8, -0.1, 3.0, 0.1, 0.9, -1.9]]),
    ]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    x, identity = torch.from_numpy(generator.normal(size=(1, 3, 9, 8))), torch.eye(3).double()[None]
    print(f"the identity changes a picture by {(moved(x, identity) - x).abs().max():.1e}")
    print(f"{FILE.stat().st_size / 1000:.0f} kB")
