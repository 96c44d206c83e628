"""Writes Tests/ModelsTests/Fixtures/networks.json: what PyTorch computes for networks without a shared golden case.

Needs torch and numpy. The networks are written anew here, as functions of named weights; the weights and inputs come
from the golden formula (`GoldenFormula` in Swift), so only keys, shapes and results have to agree. Computed in float64.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = Path(__file__).resolve().parent.parent / "ModelsTests" / "Fixtures"


def formula(name, shape):
    """Numbers in [-1, 1): FNV-1a of the name seeds SplitMix64."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    count = math.prod(shape)
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    unit = (z >> np.uint64(40)).astype(np.float64) / 2**24
    return torch.from_numpy((2 * unit - 1).reshape(shape))


class Weights:
    """Layers by key. Every key that is asked for counts as a part of the network."""

    def __init__(self, prefix, epsilon=1e-5):
        self.prefix, self.epsilon, self.shapes = prefix, epsilon, {}

    def __call__(self, key, *shape):
        self.shapes[key] = shape
        s = formula(self.prefix + key, shape)
        last = key.split(".")[-1]
        if last == "running_var":
            return 1 + 0.25 * (s + 1)
        if last == "running_mean":
            return 0.1 * s
        if len(shape) >= 2:
            fan = math.prod(shape) // shape[0]
            return s * math.sqrt(6 / fan) * (0.3 if key.endswith("conv3.weight") and len(shape) == 4 else 1)
        return 1 + 0.1 * s if last == "weight" else 0.1 * s

    def conv(self, x, key, out, kernel, stride=1, padding=0, groups=1, bias=False):
        kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        weight = self(f"{key}.weight", out, x.shape[1] // groups, *kernel)
        return F.conv2d(x, weight, self(f"{key}.bias", out) if bias else None, stride, padding, groups=groups)

    def norm(self, x, key):
        c = x.shape[1]
        self.shapes[f"{key}.num_batches_tracked"] = ()
        mean, variance = self(f"{key}.running_mean", c), self(f"{key}.running_var", c)
        return F.batch_norm(
            x, mean, variance, self(f"{key}.weight", c), self(f"{key}.bias", c), training=False, eps=self.epsilon)

    def linear(self, x, key, out):
        return F.linear(x, self(f"{key}.weight", out, x.shape[1]), self(f"{key}.bias", out))

    @property
    def parameters(self):
        return sum(
            math.prod(shape) for key, shape in self.shapes.items()
            if not key.endswith(("running_mean", "running_var", "num_batches_tracked", ".shift", ".scale")))


# --- Squeeze and excitation

def se_net(w, x, blocks, kind, groups, classes):
    if kind == "seNet":
        for number, width, stride in [(1, 64, 2), (2, 64, 1), (3, 128, 1)]:
            x = F.relu(w.norm(w.conv(x, f"layer0.conv{number}", width, 3, stride, 1), f"layer0.bn{number}"))
    else:
        x = F.relu(w.norm(w.conv(x, "layer0.conv1", 64, 7, 2, 3), "layer0.bn1"))
    x = F.max_pool2d(x, 3, 2, ceil_mode=True)
    for stage, count in enumerate(blocks):
        width = 64 << stage
        first, second = {
            "resNet": (width, width), "resNeXt": (width // 16 * groups,) * 2, "seNet": (2 * width, 4 * width)}[kind]
        for position in range(count):
            key = f"layer{stage + 1}.{position}"
            stride = 2 if stage and not position else 1
            early = stride if kind == "resNet" else 1
            y = F.relu(w.norm(w.conv(x, f"{key}.conv1", first, 1, early), f"{key}.bn1"))
            y = F.relu(w.norm(
                w.conv(y, f"{key}.conv2", second, 3, stride // early, 1, groups=groups), f"{key}.bn2"))
            y = w.norm(w.conv(y, f"{key}.conv3", 4 * width, 1), f"{key}.bn3")
            s = F.relu(w.conv(y.mean([2, 3], keepdim=True), f"{key}.se_module.fc1", width // 4, 1, bias=True))
            y = y * torch.sigmoid(w.conv(s, f"{key}.se_module.fc2", 4 * width, 1, bias=True))
            if not position:
                side = 3 if kind == "seNet" and stage else 1
                x = w.norm(w.conv(x, f"{key}.downsample.0", 4 * width, side, stride, side // 2), f"{key}.downsample.1")
            x = F.relu(x + y)
    return w.linear(x.mean([2, 3]), "last_linear", classes)


# --- EfficientNet

def efficient_net(w, x, wide, deep, size, classes):
    w.epsilon = 1e-3

    def channels(base):
        rounded = max(8, int(base * wide + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * base * wide else rounded

    def same(x, key, out, kernel, stride, size, groups=1):
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        x = F.pad(x, [total // 2, total - total // 2] * 2)
        return w.conv(x, key, out, kernel, stride, groups=groups)

    x = F.silu(w.norm(same(x, "_conv_stem", channels(32), 3, 2, size), "_bn0"))
    size, number = math.ceil(size / 2), 0
    for repeats, kernel, stride, expansion, out in [
        (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    ]:
        for position in range(math.ceil(deep * repeats)):
            key, step, y = f"_blocks.{number}.", stride if position == 0 else 1, x
            inner = x.shape[1] * expansion
            if expansion > 1:
                y = F.silu(w.norm(w.conv(y, key + "_expand_conv", inner, 1), key + "_bn0"))
            y = same(y, key + "_depthwise_conv", inner, kernel, step, size, groups=inner)
            y = F.silu(w.norm(y, key + "_bn1"))
            s = w.conv(y.mean([2, 3], keepdim=True), key + "_se_reduce", max(1, x.shape[1] // 4), 1, bias=True)
            y = y * torch.sigmoid(w.conv(F.silu(s), key + "_se_expand", inner, 1, bias=True))
            y = w.norm(w.conv(y, key + "_project_conv", channels(out), 1), key + "_bn2")
            x = x + y if x.shape == y.shape and step == 1 else y
            size, number = math.ceil(size / step), number + 1
    x = F.silu(w.norm(w.conv(x, "_conv_head", channels(1280), 1), "_bn1"))
    return w.linear(x.mean([2, 3]), "_fc", classes)


# --- LPIPS

def alex_maps(w, x):
    maps = []
    for index, (key, out, kernel, stride, padding) in enumerate([
        ("slice1.0", 64, 11, 4, 2), ("slice2.3", 192, 5, 1, 2), ("slice3.6", 384, 3, 1, 1), ("slice4.8", 256, 3, 1, 1),
        ("slice5.10", 256, 3, 1, 1),
    ]):
        x = F.max_pool2d(x, 3, 2) if index in (1, 2) else x
        x = F.relu(w.conv(x, f"net.{key}", out, kernel, stride, padding, bias=True))
        maps.append(x)
    return maps


def vgg_maps(w, x):
    maps, number = [], 0
    for stage, count in enumerate([2, 2, 3, 3, 3]):
        for _ in range(count):
            key = f"net.slice{stage + 1}.{number}"
            x = F.relu(w.conv(x, key, min(64 << stage, 512), 3, 1, 1, bias=True))
            number += 2
        maps.append(x)
        x = F.max_pool2d(x, 2, 2)
        number += 1
    return maps


def lpips(w, a, b, maps):
    shift = torch.tensor([-0.030, -0.088, -0.188]).double().reshape(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).double().reshape(1, 3, 1, 1)
    w.shapes["scaling_layer.shift"] = w.shapes["scaling_layer.scale"] = ()
    layers = []
    pairs = zip(maps(w, (a - shift) / scale), maps(w, (b - shift) / scale))
    for index, pair in enumerate(pairs):
        left, right = [m / ((m**2).sum(1, keepdim=True).sqrt() + 1e-10) for m in pair]
        weight = w(f"lin{index}.model.1.weight", 1, left.shape[1], 1, 1)
        layers.append(F.conv2d((left - right) ** 2, weight).mean([1, 2, 3]))
    return torch.stack(layers)


# --- Inception for FID

def fid_inception(w, x, resized):
    w.epsilon = 1e-3
    if resized:
        x = F.interpolate(x, (299, 299), mode="bilinear", align_corners=False)

    def unit(x, key, out, kernel, stride=1, same=False):
        sides = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        padding = tuple(side // 2 for side in sides) if same else 0
        return F.relu(w.norm(w.conv(x, f"{key}.conv", out, sides, stride, padding), f"{key}.bn"))

    def mean(x):
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)

    x = unit(x, "Conv2d_1a_3x3", 32, 3, 2)
    x = unit(x, "Conv2d_2a_3x3", 32, 3)
    x = F.max_pool2d(unit(x, "Conv2d_2b_3x3", 64, 3, same=True), 3, 2)
    x = unit(x, "Conv2d_3b_1x1", 80, 1)
    x = F.max_pool2d(unit(x, "Conv2d_4a_3x3", 192, 3), 3, 2)
    for key, pooled in [("Mixed_5b.", 32), ("Mixed_5c.", 64), ("Mixed_5d.", 64)]:
        five = unit(unit(x, key + "branch5x5_1", 48, 1), key + "branch5x5_2", 64, 5, same=True)
        three = unit(unit(x, key + "branch3x3dbl_1", 64, 1), key + "branch3x3dbl_2", 96, 3, same=True)
        three = unit(three, key + "branch3x3dbl_3", 96, 3, same=True)
        x = torch.cat([
            unit(x, key + "branch1x1", 64, 1), five, three, unit(mean(x), key + "branch_pool", pooled, 1)], 1)
    key = "Mixed_6a."
    three = unit(unit(x, key + "branch3x3dbl_1", 64, 1), key + "branch3x3dbl_2", 96, 3, same=True)
    x = torch.cat([
        unit(x, key + "branch3x3", 384, 3, 2), unit(three, key + "branch3x3dbl_3", 96, 3, 2), F.max_pool2d(x, 3, 2)], 1)
    for key, c in [("Mixed_6b.", 128), ("Mixed_6c.", 160), ("Mixed_6d.", 160), ("Mixed_6e.", 192)]:
        seven = unit(unit(x, key + "branch7x7_1", c, 1), key + "branch7x7_2", c, (1, 7), same=True)
        seven = unit(seven, key + "branch7x7_3", 192, (7, 1), same=True)
        long = unit(x, key + "branch7x7dbl_1", c, 1)
        for number, out, kernel in [(2, c, (7, 1)), (3, c, (1, 7)), (4, c, (7, 1)), (5, 192, (1, 7))]:
            long = unit(long, f"{key}branch7x7dbl_{number}", out, kernel, same=True)
        x = torch.cat([
            unit(x, key + "branch1x1", 192, 1), seven, long, unit(mean(x), key + "branch_pool", 192, 1)], 1)
    key = "Mixed_7a."
    three = unit(unit(x, key + "branch3x3_1", 192, 1), key + "branch3x3_2", 320, 3, 2)
    seven = unit(unit(x, key + "branch7x7x3_1", 192, 1), key + "branch7x7x3_2", 192, (1, 7), same=True)
    seven = unit(unit(seven, key + "branch7x7x3_3", 192, (7, 1), same=True), key + "branch7x7x3_4", 192, 3, 2)
    x = torch.cat([three, seven, F.max_pool2d(x, 3, 2)], 1)
    for key, pooled in [("Mixed_7b.", mean), ("Mixed_7c.", lambda x: F.max_pool2d(x, 3, 1, 1))]:
        short = unit(x, key + "branch3x3_1", 384, 1)
        long = unit(unit(x, key + "branch3x3dbl_1", 448, 1), key + "branch3x3dbl_2", 384, 3, same=True)
        x = torch.cat([
            unit(x, key + "branch1x1", 320, 1),
            unit(short, key + "branch3x3_2a", 384, (1, 3), same=True),
            unit(short, key + "branch3x3_2b", 384, (3, 1), same=True),
            unit(long, key + "branch3x3dbl_3a", 384, (1, 3), same=True),
            unit(long, key + "branch3x3dbl_3b", 384, (3, 1), same=True),
            unit(pooled(x), key + "branch_pool", 192, 1)], 1)
    features = x.mean([2, 3])
    w.linear(features, "fc", 1008)
    return features


def row(name, function, inputs, kept=64):
    """`inputs` are shapes of `input.0`, `input.1`; up to `kept` values of the result are stored, in even steps."""
    weights = Weights(f"{name}.")
    result = function(weights, *[formula(f"input.{i}", shape) for i, shape in enumerate(inputs)])
    flat = result.reshape(-1)
    step = max(1, flat.numel() // kept)
    positions = list(range(0, flat.numel(), step))
    print(name, list(result.shape), len(weights.shapes), weights.parameters)
    return {
        "name": name, "inputs": inputs, "keys": len(weights.shapes), "parameters": weights.parameters,
        "shape": list(result.shape), "absmax": float(f"{flat.abs().max():.9g}"), "index": positions,
        "value": [float(f"{flat[i]:.9g}") for i in positions],
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = [[1, 3, 64, 64]]
    rows = [
        row("se_resnext50_32x4d", lambda w, x: se_net(w, x, [3, 4, 6, 3], "resNeXt", 32, 5), picture),
        row("senet154", lambda w, x: se_net(w, x, [3, 8, 36, 3], "seNet", 64, 5), picture),
        row("efficientnet-b1", lambda w, x: efficient_net(w, x, 1.0, 1.1, 240, 5), picture),
        row("efficientnet-b3", lambda w, x: efficient_net(w, x, 1.2, 1.4, 300, 5), picture),
        row("lpips_alex", lambda w, a, b: lpips(w, a, b, alex_maps), [[2, 3, 64, 48]] * 2),
        row("lpips_vgg", lambda w, a, b: lpips(w, a, b, vgg_maps), [[2, 3, 32, 48]] * 2),
        row("fid_inception", lambda w, x: fid_inception(w, x, resized=False), [[1, 3, 107, 91]]),
        row("fid_inception_resized", lambda w, x: fid_inception(w, x, resized=True), [[1, 3, 40, 64]]),
    ]
    text = "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in rows) + "\n]\n"
    (FOLDER / "networks.json").write_text(text)
