"""The networks that are timed, in PyTorch: the same layers, widths and kernels as the Swift engine's.

Written from the papers' descriptions. Modulated convolutions use grouped convolution and filters use PyTorch's own
operations, which is what the released code does on a CPU.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


# ResNet (He et al. 2016)

class Block(nn.Module):
    """A residual block: basic (two 3x3) or bottleneck (1x1, 3x3, 1x1)."""

    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = width * (4 if bottleneck else 1)
        shapes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)] if bottleneck else [
            (inputs, width, 3, stride), (width, width, 3, 1)]
        self.convs = nn.ModuleList(nn.Conv2d(i, o, k, s, k // 2, bias=False) for i, o, k, s in shapes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _ in shapes)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        kept = x if self.shortcut is None else self.shortcut(x)
        for index, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            x = norm(conv(x))
            if index + 1 < len(self.convs):
                x = F.relu(x, inplace=True)
        return F.relu(x + kept, inplace=True)


class ResNet(nn.Module):
    def __init__(self, blocks, width, classes, bottleneck, small_stem):
        super().__init__()
        self.small_stem = small_stem
        self.conv = nn.Conv2d(3, width, 3, 2, 1, bias=False) if small_stem else nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(width)
        layers, inputs = [], width
        for stage, count in enumerate(blocks):
            for position in range(count):
                layers.append(Block(inputs, width << stage, 2 if stage and not position else 1, bottleneck))
                inputs = (width << stage) * (4 if bottleneck else 1)
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        if not self.small_stem:
            x = F.max_pool2d(x, 3, 2, 1)
        return self.fc(self.layers(x).mean((2, 3)))


# StyleGAN2 in the wavelet domain (Karras et al. 2020; Gal et al. 2021)

BLUR = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


def filtered(x, up=1, down=1, pad=(0, 0), gain=1.0):
    """Zeros between pixels, the [1,3,3,1] blur, every `down`-th pixel kept: the released code's CPU path."""
    batch, channels, height, width = x.shape
    x = x.reshape(batch * channels, 1, height, 1, width, 1)
    x = F.pad(x, [0, up - 1, 0, 0, 0, up - 1]).reshape(batch * channels, 1, height * up, width * up)
    x = F.pad(x, [pad[0], pad[1], pad[0], pad[1]])
    kernel = (torch.outer(BLUR, BLUR) * gain)[None, None]
    x = F.conv2d(x, kernel)[:, :, ::down, ::down]
    return x.reshape(batch, channels, x.shape[2], x.shape[3])


def haar(x):
    a, b = x[:, :, 0::2], x[:, :, 1::2]
    low, high = (a + b) / math.sqrt(2), (a - b) / math.sqrt(2)
    def across(y):
        a, b = y[:, :, :, 0::2], y[:, :, :, 1::2]
        return (a + b) / math.sqrt(2), (a - b) / math.sqrt(2)
    (ll, lh), (hl, hh) = across(low), across(high)
    return torch.cat((ll, hl, lh, hh), 1)


def inverse_haar(x):
    ll, hl, lh, hh = x.chunk(4, 1)
    def joined(a, b, axis):
        pair = torch.stack(((a + b) / math.sqrt(2), (a - b) / math.sqrt(2)), axis + 1)
        shape = list(a.shape)
        shape[axis] *= 2
        return pair.reshape(shape)
    return joined(joined(ll, lh, 3), joined(hl, hh, 3), 2)


class EqualLinear(nn.Module):
    def __init__(self, inputs, outputs, bias=0.0, rate=1.0, activated=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.scale, self.rate, self.activated = rate / math.sqrt(inputs), rate, activated

    def forward(self, x):
        x = F.linear(x, self.weight * self.scale, self.bias * self.rate)
        return F.leaky_relu(x, 0.2) * math.sqrt(2) if self.activated else x


class Modulated(nn.Module):
    def __init__(self, inputs, outputs, kernel, style, demodulated=True, doubling=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, kernel, kernel))
        self.modulation = EqualLinear(style, inputs, bias=1.0)
        self.scale = 1 / math.sqrt(inputs * kernel * kernel)
        self.demodulated, self.doubling = demodulated, doubling

    def forward(self, x, style):
        batch, inputs, height, width = x.shape
        _, outputs, _, kernel, _ = self.weight.shape
        weight = self.scale * self.weight * self.modulation(style).view(batch, 1, inputs, 1, 1)
        if self.demodulated:
            weight = weight * torch.rsqrt(weight.pow(2).sum([2, 3, 4]) + 1e-8).view(batch, outputs, 1, 1, 1)
        x = x.reshape(1, batch * inputs, height, width)
        if self.doubling:
            weight = weight.transpose(1, 2).reshape(batch * inputs, outputs, kernel, kernel)
            x = F.conv_transpose2d(x, weight, stride=2, groups=batch)
            return filtered(x.view(batch, outputs, x.shape[2], x.shape[3]), pad=(1, 1), gain=4)
        x = F.conv2d(x, weight.view(batch * outputs, inputs, kernel, kernel), padding=kernel // 2, groups=batch)
        return x.view(batch, outputs, height, width)


class Styled(nn.Module):
    def __init__(self, inputs, outputs, style, doubling=False):
        super().__init__()
        self.conv = Modulated(inputs, outputs, 3, style, doubling=doubling)
        self.strength = nn.Parameter(torch.zeros(1))
        self.bias = nn.Parameter(torch.zeros(outputs))
        # For peer_check.py alone; what is timed draws new noise, as training does.
        self.fixed_noise = None

    def forward(self, x, style):
        x = self.conv(x, style)
        noise = self.fixed_noise
        if noise is None:
            noise = x.new_empty(x.shape[0], 1, x.shape[2], x.shape[3]).normal_()
        x = x + self.strength * noise
        return F.leaky_relu(x + self.bias.view(1, -1, 1, 1), 0.2) * math.sqrt(2)


class Generator(nn.Module):
    def __init__(self, size, width, mapping, classes, channels):
        super().__init__()
        self.embedding = nn.Embedding(classes, width)
        self.mapping = nn.Sequential(*[EqualLinear(width, width, rate=0.01, activated=True) for _ in range(mapping)])
        first = channels(4)
        self.input = nn.Parameter(torch.randn(1, first, 4, 4))
        self.first = Styled(first, first, width)
        self.readers = nn.ModuleList([Modulated(first, 12, 1, width, demodulated=False)])
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(1, 12, 1, 1))])
        self.layers, inputs = nn.ModuleList(), first
        for level in range(3, int(math.log2(size))):
            outputs = channels(1 << level)
            self.layers.append(Styled(inputs, outputs, width, doubling=True))
            self.layers.append(Styled(outputs, outputs, width))
            self.readers.append(Modulated(outputs, 12, 1, width, demodulated=False))
            self.biases.append(nn.Parameter(torch.zeros(1, 12, 1, 1)))
            inputs = outputs

    def styles(self, z, labels):
        z = z + self.embedding(labels)
        w = self.mapping(z * torch.rsqrt(z.pow(2).mean(1, keepdim=True) + 1e-8))
        return w[:, None].repeat(1, 2 * len(self.readers), 1)

    def forward(self, w):
        x = self.first(self.input.repeat(w.shape[0], 1, 1, 1), w[:, 0])
        bands = self.readers[0](x, w[:, 1]) + self.biases[0]
        for level in range(1, len(self.readers)):
            at = 2 * level - 1
            x = self.layers[at - 1](x, w[:, at])
            x = self.layers[at](x, w[:, at + 1])
            coarse = haar(filtered(inverse_haar(bands), up=2, pad=(2, 1), gain=4))
            bands = self.readers[level](x, w[:, at + 2]) + self.biases[level] + coarse
        return inverse_haar(bands)


class ConvLayer(nn.Module):
    def __init__(self, inputs, outputs, kernel, halving=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.halving, self.kernel = 1 / math.sqrt(inputs * kernel ** 2), halving, kernel

    def forward(self, x):
        if self.halving:
            x = filtered(x, pad=((self.kernel + 2) // 2, (self.kernel + 1) // 2))
        x = F.conv2d(x, self.weight * self.scale, stride=2 if self.halving else 1,
                     padding=0 if self.halving else self.kernel // 2)
        return F.leaky_relu(x + self.bias.view(1, -1, 1, 1), 0.2) * math.sqrt(2)


class Discriminator(nn.Module):
    def __init__(self, size, classes, label_width, channels):
        super().__init__()
        inputs = channels(size)
        self.readers, self.blocks = nn.ModuleList(), nn.ModuleList()
        for level in range(int(math.log2(size)) - 1, 2, -1):
            outputs = channels(1 << (level - 1))
            self.readers.append(ConvLayer(12, inputs, 1))
            self.blocks.append(nn.Sequential(ConvLayer(inputs, inputs, 3), ConvLayer(inputs, outputs, 3, halving=True)))
            inputs = outputs
        last = channels(4)
        self.readers.append(ConvLayer(12, last, 1))
        self.embedding = nn.Embedding(classes, label_width)
        self.fusion = ConvLayer(inputs + label_width, inputs, 3)
        self.final = ConvLayer(inputs + 1, last, 3)
        self.linear = nn.Sequential(EqualLinear(last * 16, last, activated=True), EqualLinear(last, 1))

    def forward(self, image, labels):
        bands, x = haar(image), None
        for index, reader in enumerate(self.readers):
            if index:
                bands = haar(filtered(inverse_haar(bands), down=2, pad=(1, 1)))
            own = reader(bands)
            x = own if x is None else own + x
            if index < len(self.blocks):
                x = self.blocks[index](x)
        batch = x.shape[0]
        planes = self.embedding(labels)[:, :, None, None].expand(-1, -1, 4, 4)
        x = self.fusion(torch.cat((x, planes), 1))
        group = min(batch, 4)
        spread = x.view(group, -1, 1, *x.shape[1:])
        spread = torch.sqrt(spread.var(0, unbiased=False) + 1e-8).mean([2, 3, 4], keepdim=True).squeeze(2)
        x = self.final(torch.cat((x, spread.repeat(group, 1, 4, 4)), 1))
        return self.linear(x.flatten(1))


# CLIP's vision transformer (Radford et al. 2021)

class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        y = self.norms[0](x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        y = self.fc(self.norms[1](x))
        return x + self.proj(y * torch.sigmoid(1.702 * y))


class VisionTransformer(nn.Module):
    def __init__(self, side=224, patch=32, width=768, layers=12, heads=12, outputs=512):
        super().__init__()
        self.conv = nn.Conv2d(3, width, patch, patch, bias=False)
        self.token = nn.Parameter(torch.randn(width))
        self.position = nn.Parameter(torch.randn((side // patch) ** 2 + 1, width))
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.layers = nn.Sequential(*[Attention(width, heads) for _ in range(layers)])
        self.proj = nn.Parameter(torch.randn(width, outputs))

    def forward(self, x):
        x = self.conv(x).flatten(2).permute(0, 2, 1)
        x = torch.cat((self.token.expand(x.shape[0], 1, -1), x), 1) + self.position
        x = self.layers(self.before(x).permute(1, 0, 2)).permute(1, 0, 2)
        return self.after(x[:, 0]) @ self.proj
