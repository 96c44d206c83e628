"""Writes Tests/EngineTests/Fixtures/*.json: what PyTorch computes for the Engine's operations.

Needs torch and numpy. Run it from anywhere: `python engine_fixtures.py`. The files are committed, so that the tests
need no Python.

Inputs are made by a formula (`formula_values`, again in Swift) and stored only as shape, salt, scale and shift.
Results are computed in float64 and stored with seven digits. Pictures are [N,H,W,C] and convolution weights
[KH,KW,I,O], as in the Engine; PyTorch's orders appear only inside the functions below.

For a case with inputs x, seed s and f(x):
  output     f(x)
  gradients  g = d<f(x), s>/dx
  second     d<g, v>/d(x, s), where v is made by the formula with the salts 900, 901, ...
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = Path(__file__).resolve().parent.parent / "EngineTests" / "Fixtures"
SEED_SALT = 800
DIRECTION_SALT = 900


def formula_values(shape, salt, scale=1.0, shift=0.0):
    """Values in shift ± scale that look random: a 32-bit integer hash of (position, salt), exact in float32."""
    count = math.prod(shape)
    h = np.arange(1, count + 1, dtype=np.uint64) * 2654435761 + salt * 40503
    h &= 0xFFFFFFFF
    h ^= h >> np.uint64(15)
    h = h * 0x85EBCA6B & 0xFFFFFFFF
    h ^= h >> np.uint64(13)
    unit = (h >> np.uint64(8)).astype(np.float64) / 2**23 - 1
    values = (unit * scale + shift).astype(np.float32).astype(np.float64)
    return torch.from_numpy(values.reshape(shape))


def stored(tensor):
    values = [float(f"{value:.7g}") for value in tensor.detach().reshape(-1).tolist()]
    values = [int(value) if value == int(value) else value for value in values]
    return {"shape": list(tensor.shape), "values": values}


def as_lists(settings):
    return {key: list(value) if isinstance(value, (list, tuple)) else [value] for key, value in settings.items()}


class Case:
    """One operation on one set of inputs. An input is a shape, or (shape, scale, shift)."""

    def __init__(self, operation, function, inputs, second=True, **settings):
        self.operation, self.function, self.second, self.settings = operation, function, second, settings
        self.inputs = []
        for index, item in enumerate(inputs):
            shape, scale, shift = item if isinstance(item, tuple) else (item, 1.0, 0.0)
            self.inputs.append({"shape": shape, "salt": index + 1, "scale": scale, "shift": shift})

    def result(self):
        x = [formula_values(**item).requires_grad_() for item in self.inputs]
        output = self.function(*x, **self.settings)
        seed = formula_values(list(output.shape), SEED_SALT).requires_grad_()
        gradients = torch.autograd.grad(output, x, seed, create_graph=True)
        result = {
            "operation": self.operation, "settings": as_lists(self.settings), "inputs": self.inputs,
            "output": stored(output), "gradients": [stored(g) for g in gradients],
        }
        if self.second:
            directions = [formula_values(list(g.shape), DIRECTION_SALT + i) for i, g in enumerate(gradients)]
            total = sum((g * v).sum() for g, v in zip(gradients, directions))
            second = torch.autograd.grad(total, x + [seed], allow_unused=True)
            # Adding zeros gives memory to PyTorch's symbolic zeros.
            result["second"] = [
                stored(torch.zeros_like(p) + (0 if s is None else s)) for s, p in zip(second, x + [seed])]
        return result


def write(name, rows):
    """One line a case, so that a change shows as one line."""
    text = "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"
    (FOLDER / f"{name}.json").write_text(text)
    print(f"{name}: {len(rows)} cases, {len(text) / 1000:.0f} kB")


# --- Layouts

def to_torch(picture):
    return picture.permute(0, 3, 1, 2)


def from_torch(picture):
    return picture.permute(0, 2, 3, 1)


def weight_to_torch(weight):
    return weight.permute(3, 2, 0, 1)


# --- Operations in the Engine's layouts

def conv2d(x, weight, stride, padding):
    return from_torch(F.conv2d(to_torch(x), weight_to_torch(weight), stride=stride, padding=padding))


def conv_transpose2d(x, weight, stride, padding):
    # The weight is [KH,KW,O,I]; PyTorch's transposed convolution takes [I,O,KH,KW].
    return from_torch(F.conv_transpose2d(to_torch(x), weight_to_torch(weight), stride=stride, padding=padding))


def up_fir_down(x, taps, up, down, before, after):
    """Zeros between pixels, padding or cropping, true convolution with the outer product of taps, every down-th."""
    n, h, w, c = x.shape
    planes = to_torch(x).reshape(n * c, 1, h, 1, w, 1)
    planes = F.pad(planes, [0, up - 1, 0, 0, 0, up - 1]).reshape(n * c, 1, h * up, w * up)
    planes = F.pad(planes, [before, after, before, after])
    taps = torch.tensor(taps, dtype=torch.float64)
    kernel = torch.outer(taps, taps).flip([0, 1])[None, None]
    planes = F.conv2d(planes, kernel)[:, :, ::down, ::down]
    return from_torch(planes.reshape(n, c, *planes.shape[2:]))


def haar(x):
    """Four filterings and every second pixel; a filter's high pass is [-1, 1] / √2, turned around by convolution."""
    low, high = [math.sqrt(0.5)] * 2, [-math.sqrt(0.5), math.sqrt(0.5)]
    bands = []
    for vertical, horizontal in [(low, low), (high, low), (low, high), (high, high)]:
        kernel = torch.outer(torch.tensor(vertical, dtype=torch.float64), torch.tensor(horizontal, dtype=torch.float64))
        weight = kernel.flip([0, 1])[None, None].repeat(x.shape[3], 1, 1, 1)
        bands.append(from_torch(F.conv2d(to_torch(x), weight, stride=2, groups=x.shape[3])))
    return torch.cat(bands, dim=3)


def inverse_haar(y):
    """The adjoint of `haar`, which is orthonormal, by automatic differentiation."""
    n, h, w, c = y.shape
    x = torch.zeros(n, 2 * h, 2 * w, c // 4, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(haar(x), x, y, create_graph=True)[0]


def max_pool2d(x, kernel, stride, padding):
    return from_torch(F.max_pool2d(to_torch(x), kernel, stride=stride, padding=padding))


def grouped_conv2d(x, weight, stride, padding, groups):
    return from_torch(F.conv2d(to_torch(x), weight_to_torch(weight), stride=stride, padding=padding, groups=groups))


def padded_conv2d(x, weight, stride, sides, groups):
    top, bottom, left, right = sides
    padded = F.pad(to_torch(x), [left, right, top, bottom])
    return from_torch(F.conv2d(padded, weight_to_torch(weight), stride=stride, groups=groups))


def average_pool2d(x, kernel, stride, padding, counts):
    return from_torch(F.avg_pool2d(to_torch(x), kernel, stride, padding, count_include_pad=bool(counts)))


def max_pool2d_rounding_up(x, kernel, stride, padding):
    return from_torch(F.max_pool2d(to_torch(x), kernel, stride, padding, ceil_mode=True))


def adaptive_average_pool2d(x, height, width):
    return from_torch(F.adaptive_avg_pool2d(to_torch(x), (height, width)))


def interpolated(x, height, width):
    return from_torch(F.interpolate(to_torch(x), (height, width), mode="bilinear", align_corners=False))


def resized(x, height, width, cubic):
    mode = "bicubic" if cubic else "bilinear"
    return from_torch(F.interpolate(to_torch(x), (height, width), mode=mode, antialias=True, align_corners=False))


def sample_grid(x, maps, height, width):
    """maps: six numbers a picture, from output to input pixels, both counted from the picture's middle."""
    n, in_height, in_width, c = x.shape
    maps = torch.tensor(maps, dtype=torch.float64).reshape(n, 2, 3)
    to_pixels = torch.tensor([width / 2, height / 2, 1], dtype=torch.float64)
    to_unit = torch.tensor([[2 / in_width], [2 / in_height]], dtype=torch.float64)
    grid = F.affine_grid(to_unit * maps * to_pixels, [n, c, height, width], align_corners=False)
    return from_torch(GridSample.apply(to_torch(x), grid))


class GridSample(torch.autograd.Function):
    """PyTorch's `grid_sample`, whose backward pass it cannot differentiate: linear in x, so it is easily stated."""

    @staticmethod
    def forward(context, x, grid):
        context.save_for_backward(grid)
        context.shape = x.shape
        return F.grid_sample(x, grid, padding_mode="zeros", align_corners=False)

    @staticmethod
    def backward(context, g):
        return GridSpread.apply(g, context.saved_tensors[0], context.shape), None


class GridSpread(torch.autograd.Function):
    @staticmethod
    def forward(context, g, grid, shape):
        context.save_for_backward(grid)
        with torch.enable_grad():
            x = torch.zeros(shape, dtype=g.dtype, requires_grad=True)
            y = F.grid_sample(x, grid, padding_mode="zeros", align_corners=False)
            return torch.autograd.grad(y, x, g)[0].detach()

    @staticmethod
    def backward(context, u):
        return GridSample.apply(u, context.saved_tensors[0]), None, None


def batch_norm(x, scale, offset, epsilon):
    moved = x.movedim(-1, 1)
    return F.batch_norm(moved, None, None, scale, offset, training=True, eps=epsilon).movedim(1, -1)


def layer_norm(x, scale, offset, epsilon):
    return F.layer_norm(x, x.shape[-1:], scale, offset, epsilon)


def bias_activation(x, bias, *rest, factor, slope, gain, noise_shape=None):
    total = x * factor + bias
    if noise_shape:
        total = total + formula_values(noise_shape, 77) * rest[0]
    return gain * F.leaky_relu(total, slope)


def matmul(a, b, transpose_a, transpose_b):
    return (a.mT if transpose_a else a) @ (b.mT if transpose_b else b)


def reduced(name):
    def function(x, axes, keeping):
        return getattr(x, name)(dim=axes if axes else tuple(range(x.dim())), keepdim=bool(keeping))
    return function


# --- Cases by file

def elementwise():
    pairs = [
        ([3, 4], [3, 4]), ([2, 3, 4], [4]), ([2, 1, 3], [4, 1]), ([], [2, 3]), ([2, 2, 2, 3], [2, 1, 1, 3]),
        ([1], [1]), ([2, 1, 1, 3], [2, 2, 2, 3]),
    ]
    rows = []
    for a, b in pairs:
        rows.append(Case("multiply", lambda a, b: a * b, [a, b]))
        rows.append(Case("divide", lambda a, b: a / b, [a, (b, 0.75, -1.25)]))
    for a, b in pairs[:4]:
        rows.append(Case("add", lambda a, b: a + b, [a, b]))
        rows.append(Case("subtract", lambda a, b: a - b, [a, b]))
    plain, positive, wide = ([3, 4], 2.0, 0.0), ([3, 4], 0.9, 1.25), ([3, 4], 12.0, 0.0)
    unary = [
        ("negate", lambda x: -x, [plain]), ("squared", torch.square, [plain]),
        ("squareRoot", torch.sqrt, [positive]), ("reciprocalSquareRoot", torch.rsqrt, [positive]),
        ("exp", torch.exp, [plain]), ("log", torch.log, [positive]), ("absolute", torch.abs, [plain]),
        ("sigmoid", torch.sigmoid, [plain, wide]), ("tanh", torch.tanh, [plain, wide]),
        ("softplus", lambda x: F.softplus(x, threshold=1000), [plain, wide]),
        ("quickGELU", lambda x: x * torch.sigmoid(1.702 * x), [plain]), ("relu", torch.relu, [plain]),
        ("addConstant", lambda x: x + 0.375, [plain]), ("subtractConstant", lambda x: x - 0.375, [plain]),
        ("subtractFromConstant", lambda x: 0.375 - x, [plain]), ("multiplyConstant", lambda x: x * -1.75, [plain]),
        ("divideConstant", lambda x: x / -0.625, [plain]),
    ]
    for name, function, inputs in unary:
        rows += [Case(name, function, [item]) for item in inputs]
    for slope, gain in [(0.2, math.sqrt(2)), (0.01, 1.0)]:
        rows.append(Case(
            "leakyReLU", lambda x, slope, gain: gain * F.leaky_relu(x, slope), [plain], slope=slope, gain=gain))
    rows.append(Case("clamped", lambda x, low, high: x.clamp(low, high), [plain], low=-0.75, high=1.125))
    write("elementwise", [row.result() for row in rows])


def reductions():
    rows = []
    for name in ["sum", "mean"]:
        for axes, keeping in [([], 0), ([0], 0), ([1], 1), ([3], 0), ([-1], 1), ([0, 1, 2], 0), ([1, 2], 1),
                              ([0, 2], 0), ([1, 3], 1), ([-2, 0], 0), ([0, 1, 2, 3], 1)]:
            rows.append(Case(name, reduced(name), [[2, 3, 2, 3]], second=False, axes=axes, keeping=keeping))
    rows.append(Case("broadcast", lambda x, shape: x.expand(shape), [[2, 1, 3]], shape=[2, 2, 2, 3]))
    rows.append(Case("broadcast", lambda x, shape: x.expand(shape), [[]], shape=[2, 3]))
    rows.append(Case("broadcast", lambda x, shape: x.expand(shape), [[1, 1]], shape=[2, 3]))
    for item in [([3, 5], 3.0, 0.0), ([2, 2, 3], 30.0, 200.0), ([2, 1], 1.0, 0.0), [4]]:
        rows.append(Case("softmax", lambda x: x.softmax(-1), [item]))
        rows.append(Case("logSoftmax", lambda x: x.log_softmax(-1), [item]))
    labels = [2, 0, 4]
    for smoothing in [0.0, 0.1]:
        rows.append(Case(
            "crossEntropy",
            lambda x, labels, smoothing: F.cross_entropy(x, torch.tensor(labels), label_smoothing=smoothing),
            [([3, 5], 4.0, 0.0)], labels=labels, smoothing=smoothing))
    rows.append(Case("meanSquaredError", lambda a, b: F.mse_loss(a, b), [[3, 4], [3, 4]]))
    write("reductions", [row.result() for row in rows])


def products():
    rows = []
    for batch in [[], [3], [2, 2]]:
        for transpose_a in [0, 1]:
            for transpose_b in [0, 1]:
                a = batch + ([4, 3] if transpose_a else [3, 4])
                b = batch + ([2, 4] if transpose_b else [4, 2])
                rows.append(Case("matmul", matmul, [a, b], transpose_a=transpose_a, transpose_b=transpose_b))
    for transpose_b in [0, 1]:
        b = [5, 4] if transpose_b else [4, 5]
        rows.append(Case("matmul", matmul, [[2, 3, 4], b], transpose_a=0, transpose_b=transpose_b))
    rows.append(Case("matmul", matmul, [[1, 1], [1, 1]], transpose_a=0, transpose_b=0))
    rows.append(Case("linear", F.linear, [[2, 3, 4], [5, 4], [5]]))
    write("products", [row.result() for row in rows])


def movement():
    rows = [
        Case("transposed", lambda x, order: x.permute(order), [[2, 3, 2, 4]], order=[0, 3, 1, 2], second=False),
        Case("transposed", lambda x, order: x.permute(order), [[2, 3, 4]], order=[2, 0, 1], second=False),
        Case("transposed", lambda x, order: x.permute(order), [[3, 2]], order=[1, 0]),
        Case("slice", lambda x, axis, start, end: x.narrow(axis, start, end - start), [[2, 4, 3]],
             axis=1, start=1, end=3),
        Case("slice", lambda x, axis, start, end: x.narrow(axis, start, end - start), [[2, 4, 3]],
             axis=-1, start=0, end=1),
        Case("slice", lambda x, axis, start, end: x.narrow(axis, start, end - start), [[3, 2]],
             axis=0, start=2, end=3),
        Case("padded", lambda x, axis, before, after: F.pad(x, [0, 0, before, after]), [[2, 2, 3]],
             axis=1, before=1, after=2),
        Case("padded", lambda x, axis, before, after: F.pad(x, [before, after]), [[2, 3]],
             axis=-1, before=0, after=1),
        Case("concatenated", lambda *x, axis: torch.cat(x, axis), [[2, 2, 3], [2, 1, 3], [2, 3, 3]], axis=1),
        Case("concatenated", lambda *x, axis: torch.cat(x, axis), [[2, 2], [2, 1]], axis=-1),
        Case("concatenated", lambda *x, axis: torch.cat(x, axis), [[1, 2], [3, 2]], axis=0),
        Case("rows", lambda x, labels: x[torch.tensor(labels)], [[4, 3]], labels=[2, 0, 2, 2, 3]),
        Case("rows", lambda x, labels: x[torch.tensor(labels)], [[3, 2, 2]], labels=[1]),
    ]
    write("movement", [row.result() for row in rows])


def convolutions():
    rows = []
    for x, weight, stride, padding in [
        ([2, 5, 4, 3], [3, 3, 3, 4], 1, 1), ([2, 3, 5, 3], [1, 1, 3, 4], 1, 0), ([1, 5, 5, 2], [3, 3, 2, 3], 1, 0),
        ([2, 7, 6, 2], [3, 3, 2, 3], 2, 1), ([1, 6, 7, 2], [3, 3, 2, 2], 2, 0), ([2, 5, 3, 3], [1, 1, 3, 2], 2, 0),
        ([1, 1, 1, 3], [3, 3, 3, 2], 1, 1), ([1, 1, 1, 3], [1, 1, 3, 2], 1, 0), ([1, 3, 3, 2], [1, 1, 2, 2], 1, 1),
        ([1, 2, 3, 2], [2, 2, 2, 2], 1, 2), ([1, 4, 5, 2], [2, 3, 2, 2], 1, 1), ([1, 8, 8, 1], [5, 5, 1, 2], 3, 2),
        ([1, 5, 4, 2], [4, 4, 2, 2], 4, 2),
    ]:
        rows.append(Case("conv2d", conv2d, [x, weight], stride=stride, padding=padding))
    rows.append(Case("conv2d", conv2d, [[2, 11, 9, 3], [7, 7, 3, 4]], second=False, stride=2, padding=3))
    for x, weight, stride, padding in [
        ([2, 3, 4, 2], [3, 3, 3, 2], 2, 0), ([1, 3, 2, 3], [4, 4, 2, 3], 2, 1), ([1, 1, 1, 2], [4, 4, 3, 2], 1, 0),
        ([2, 3, 3, 2], [3, 3, 2, 2], 1, 1), ([1, 2, 3, 3], [1, 1, 2, 3], 1, 0),
    ]:
        rows.append(Case("convTranspose2d", conv_transpose2d, [x, weight], stride=stride, padding=padding))
    write("convolutions", [row.result() for row in rows])


def filters():
    rows = []
    binomial, odd = [0.125, 0.375, 0.375, 0.125], [0.5, -0.25, 1.0]
    for x, taps, up, down, before, after in [
        ([2, 3, 4, 2], binomial, 1, 1, 2, 1), ([1, 3, 2, 2], binomial, 2, 1, 2, 1),
        ([1, 5, 4, 2], binomial, 1, 2, 1, 1),
        ([1, 4, 6, 1], odd, 2, 2, 2, 0), ([1, 6, 7, 1], odd, 1, 1, -1, -2), ([1, 5, 6, 2], odd, 2, 1, -1, 2),
        ([1, 7, 6, 1], binomial, 1, 2, 2, -1), ([1, 1, 1, 3], binomial, 2, 1, 2, 1), ([1, 4, 3, 1], odd, 3, 2, 1, 4),
        ([1, 7, 5, 1], odd, 1, 3, 0, 1), ([2, 2, 3, 1], [1.0], 1, 1, 0, 0), ([1, 3, 3, 1], [2.0, 1.0], 2, 3, 0, 0),
    ]:
        rows.append(Case(
            "upFIRDown", up_fir_down, [x], taps=taps, up=up, down=down, before=before, after=after))
    rows.append(Case("haarTransform", haar, [[2, 4, 6, 3]], second=False))
    rows.append(Case("haarTransform", haar, [[1, 2, 2, 1]]))
    rows.append(Case("inverseHaarTransform", inverse_haar, [[2, 2, 3, 8]], second=False))
    rows.append(Case("inverseHaarTransform", inverse_haar, [[1, 1, 1, 4]]))
    for x, kernel, stride, padding in [
        ([2, 5, 4, 2], 3, 2, 1), ([1, 4, 6, 3], 2, 2, 0), ([1, 5, 5, 1], 3, 1, 1), ([1, 1, 1, 2], 3, 2, 1),
        ([1, 7, 5, 1], 3, 2, 0),
    ]:
        # Negative values everywhere, so that a padding counted as zero would win.
        rows.append(Case("maxPool2d", max_pool2d, [(x, 1.0, -2.0)], kernel=kernel, stride=stride, padding=padding))
    for x, height, width, cubic in [
        ([2, 5, 4, 2], 7, 9, 1), ([1, 9, 8, 1], 4, 3, 1), ([1, 6, 7, 3], 3, 10, 0), ([1, 1, 1, 2], 3, 2, 1),
        ([1, 11, 3, 1], 2, 3, 0),
    ]:
        rows.append(Case("resized", resized, [x], second=False, height=height, width=width, cubic=cubic))
    write("filters", [row.result() for row in rows])


def grids():
    turned = [0.8, -0.6, 0.3, 0.6, 0.8, -0.7]
    stretched = [1.7, 0.2, -1.1, -0.4, 0.6, 2.3]
    far = [1.0, 0.0, 40.0, 0.0, 1.0, 0.0]
    rows = [
        Case("sampleGrid", sample_grid, [x], maps=maps, height=height, width=width) for x, maps, height, width in [
            ([1, 4, 5, 2], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 4, 5), ([2, 5, 4, 3], turned + stretched, 6, 7),
            ([1, 1, 1, 3], turned, 3, 2), ([1, 6, 7, 1], stretched, 1, 1), ([3, 3, 2, 1], far + turned + far, 2, 3),
            ([1, 2, 9, 18], stretched, 3, 4),
        ]]
    write("grids", [row.result() for row in rows])


def normalizations():
    rows = []
    for x in [[2, 3, 2, 3], [5, 4], [1, 1, 2, 2]]:
        c = [x[-1]]
        rows.append(Case("batchNorm", batch_norm, [(x, 2.0, 0.5), (c, 0.75, 1.25), c], epsilon=1e-5))
    rows.append(Case("batchNorm", batch_norm, [([4, 2, 2, 2], 0.0625, 3.0), [2], [2]], epsilon=1e-3))
    for x in [[2, 3, 4], [1, 5]]:
        c = [x[-1]]
        rows.append(Case("layerNorm", layer_norm, [(x, 2.0, 0.5), (c, 0.75, 1.25), c], epsilon=1e-5))
    x = [2, 2, 3, 3]
    rows.append(Case("biasActivation", bias_activation, [x, [3]], factor=1.0, slope=0.2, gain=math.sqrt(2)))
    rows.append(Case("biasActivation", bias_activation, [[3, 4], [4]], factor=0.3, slope=0.1, gain=1.5))
    for noise in [[2, 2, 3, 1], [1, 2, 3, 1]]:
        rows.append(Case(
            "biasActivation", bias_activation, [x, [3], [1]], factor=0.7, slope=0.2, gain=math.sqrt(2),
            noise_shape=noise))
    write("normalizations", [row.result() for row in rows])


def grouped():
    """What back-bones need beyond plain convolution: groups, one-sided padding, other poolings."""
    rows = []
    for x, weight, stride, padding in [
        ([2, 5, 4, 3], [3, 3, 1, 3], 1, 1), ([1, 6, 7, 10], [3, 3, 1, 10], 2, 1), ([1, 5, 5, 2], [5, 5, 1, 2], 2, 2),
        ([1, 1, 1, 3], [3, 3, 1, 3], 1, 1), ([1, 4, 3, 2], [2, 3, 1, 2], 1, 0), ([1, 3, 3, 2], [1, 1, 1, 2], 2, 0),
    ]:
        rows.append(Case("depthwiseConv2d", grouped_conv2d, [x, weight], stride=stride, padding=padding, groups=x[3]))
    for x, weight, stride, padding, groups in [
        ([2, 4, 5, 4], [3, 3, 2, 6], 1, 1, 2), ([1, 5, 4, 6], [3, 3, 2, 3], 2, 1, 3),
        ([1, 3, 3, 2], [3, 3, 1, 4], 1, 1, 2), ([2, 3, 2, 4], [1, 1, 2, 2], 1, 0, 2),
        ([1, 4, 4, 4], [2, 2, 2, 2], 3, 0, 2), ([1, 3, 2, 3], [2, 2, 3, 2], 1, 1, 1),
    ]:
        rows.append(Case("groupedConv2d", grouped_conv2d, [x, weight], stride=stride, padding=padding, groups=groups))
    for x, weight, stride, sides, groups in [
        ([1, 4, 5, 2], [1, 3, 2, 3], 1, [0, 0, 1, 1], 1), ([1, 5, 4, 2], [3, 1, 2, 2], 1, [1, 1, 0, 0], 1),
        ([2, 6, 5, 2], [3, 3, 1, 2], 2, [0, 1, 1, 1], 2), ([1, 4, 4, 4], [5, 5, 2, 2], 2, [1, 2, 1, 2], 2),
    ]:
        rows.append(Case("paddedConv2d", padded_conv2d, [x, weight], stride=stride, sides=sides, groups=groups))
    for x, kernel, stride, padding, counts in [
        ([2, 5, 4, 2], 3, 1, 1, 0), ([2, 5, 4, 2], 3, 1, 1, 1), ([1, 4, 6, 3], 2, 2, 0, 1), ([1, 1, 1, 2], 3, 2, 1, 0),
        ([1, 7, 5, 1], 3, 2, 1, 0), ([1, 7, 6, 1], 4, 3, 2, 1),
    ]:
        rows.append(Case(
            "averagePool2d", average_pool2d, [x], second=False, kernel=kernel, stride=stride, padding=padding,
            counts=counts))
    for x, kernel, stride, padding in [
        ([2, 6, 5, 2], 3, 2, 0), ([1, 5, 8, 1], 3, 3, 0), ([1, 4, 4, 2], 2, 2, 0), ([1, 5, 6, 2], 3, 2, 1),
        ([1, 3, 4, 1], 2, 3, 1), ([1, 2, 2, 1], 1, 2, 0),
    ]:
        rows.append(Case(
            "maxPool2dRoundingUp", max_pool2d_rounding_up, [(x, 1.0, -2.0)], second=False, kernel=kernel, stride=stride,
            padding=padding))
    for x, height, width in [([2, 5, 4, 2], 2, 3), ([1, 3, 2, 2], 7, 7), ([1, 7, 7, 1], 7, 7), ([1, 4, 6, 3], 1, 1)]:
        rows.append(Case(
            "adaptiveAveragePool2d", adaptive_average_pool2d, [x], second=False, height=height, width=width))
        rows.append(Case("interpolatedBilinearly", interpolated, [x], second=False, height=height, width=width))
    rows.append(Case("swish", F.silu, [([3, 4], 3.0, 0.0)]))
    write("grouped", [row.result() for row in rows])


def optimizer_steps(name, make, settings, rates):
    """Parameters after each step; the gradient of step k by parameter p has the salt 100·p + k."""
    shapes = [[4], [2, 3]]
    parameters = [formula_values(shape, 1 + i).requires_grad_() for i, shape in enumerate(shapes)]
    optimizer = make(parameters)
    steps = []
    for step, rate in enumerate(rates):
        for index, parameter in enumerate(parameters):
            parameter.grad = formula_values(shapes[index], 100 * index + step, 2.0 ** (-step))
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        steps.append([stored(parameter) for parameter in parameters])
    return {"optimizer": name, "settings": as_lists(settings), "rates": rates, "shapes": shapes, "steps": steps}


def optimizers():
    rates = [0.1, 0.1, 0.05, 0.05, 0.2, 0.01]
    rows = []
    for betas, epsilon, decay in [((0.9, 0.999), 1e-8, 0.0), ((0.9, 0.999), 1e-8, 0.1), ((0.0, 0.99), 1e-8, 0.0),
                                  ((0.5, 0.9), 1e-2, 0.01)]:
        rows.append(optimizer_steps(
            "Adam", lambda p: torch.optim.Adam(p, betas=betas, eps=epsilon, weight_decay=decay),
            dict(betas=betas, epsilon=epsilon, weight_decay=decay), rates))
    for momentum, decay, nesterov in [(0.0, 0.0, 0), (0.9, 0.0, 0), (0.9, 0.01, 0), (0.8, 0.02, 1)]:
        rows.append(optimizer_steps(
            "SGD", lambda p: torch.optim.SGD(
                p, lr=0.1, momentum=momentum, weight_decay=decay, nesterov=bool(nesterov)),
            dict(momentum=momentum, weight_decay=decay, nesterov=nesterov), rates))
    write("optimizers", rows)


def running_statistics():
    """nn.BatchNorm2d over three batches, then in evaluation."""
    layer = torch.nn.BatchNorm2d(3).double()
    with torch.no_grad():
        layer.weight.copy_(formula_values([3], 2, 0.5, 1.0))
        layer.bias.copy_(formula_values([3], 3))
    shape = [2, 3, 2, 3]
    steps = []
    for step in range(3):
        output = from_torch(layer(to_torch(formula_values(shape, 10 + step, 2.0, 1.0))))
        steps.append({
            "output": stored(output), "mean": stored(layer.running_mean), "variance": stored(layer.running_var)})
    layer.eval()
    evaluation = stored(from_torch(layer(to_torch(formula_values(shape, 20)))))
    write("running-statistics", [{"shape": shape, "steps": steps, "evaluation": evaluation}])


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in [elementwise, reductions, products, movement, convolutions, filters, grids, grouped, normalizations,
                 optimizers, running_statistics]:
        make()
