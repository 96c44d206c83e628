"""The names of the released generator's and discriminator's parameters in PyTorch's order, which numbers the moments
in `g_optim` and `d_optim`.

    python parameter_order.py TGN/CDTG > ../LongTailTests/Fixtures/parameter-order.json

The folder is the released code's; its compiled operations are not needed for names.
"""
import json
import sys
import types

import torch
from torch import nn


class FusedLeakyReLU(nn.Module):
    def __init__(self, channel, bias=True, negative_slope=0.2, scale=2**0.5):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channel)) if bias else None


op = types.ModuleType("op")
op.FusedLeakyReLU = FusedLeakyReLU
op.fused_leaky_relu = op.upfirdn2d = op.conv2d_gradfix = None
sys.modules["op"] = op
sys.path.insert(0, sys.argv[1])
import tgn  # noqa: E402

generator, discriminator = tgn.Generator(32, 8, 3, 2), tgn.Discriminator(32, 3, 4)
names = {
    "generator": [name for name, _ in generator.named_parameters()],
    "discriminator": [name for name, _ in discriminator.named_parameters()],
}
print(json.dumps(names, indent=1))
