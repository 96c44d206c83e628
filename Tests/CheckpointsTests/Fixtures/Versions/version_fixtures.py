"""Writes the same checkpoint as one version of PyTorch saves it, beside this file: python version_fixtures.py

Run once by each version (Python 3.6 and later): its own default format, the other format where it has both, a
TorchScript archive, and a whole module pickled by its class. What is in them is the same in every version.
"""

import argparse
import collections
import os
import warnings

import torch

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
version = torch.__version__.split("+")[0]


def path(kind):
    return os.path.join(here, "torch-%s%s" % (version, kind))


def ramp(*shape):
    count = 1
    for side in shape:
        count *= side
    return ((torch.arange(count, dtype=torch.float64) - 3) / 4).reshape(shape).float()


class Small(torch.nn.Module):
    def __init__(self):
        super(Small, self).__init__()
        self.conv1 = torch.nn.Conv2d(1, 2, 2)
        self.norm = torch.nn.BatchNorm2d(2)
        self.conv1.weight.data = ramp(2, 1, 2, 2)
        self.conv1.bias.data = ramp(2)

    def forward(self, x):
        return self.norm(self.conv1(x)).sum()


base = ramp(12)
weights = collections.OrderedDict([
    ("float32", ramp(2, 3)), ("float64", ramp(2, 2).double()), ("float16", ramp(4).half()),
    ("bfloat16", ramp(4).bfloat16()), ("int64", torch.tensor([-5, 2 ** 24])), ("uint8", torch.tensor([0, 255]).byte()),
    ("bool", torch.tensor([True, False, True])), ("scalar", torch.tensor(2.5)), ("empty", torch.zeros(0, 3)),
    ("transposed", ramp(3, 4).t()), ("view", base[2:8]), ("shared", base[6:].reshape(2, 3)), ("name.名", ramp(1))])

# One step of Adam on gradients of one: exp_avg is 0.1, exp_avg_sq 0.001.
module = Small()
optimizer = torch.optim.Adam(module.parameters(), lr=0.5)
for parameter in module.parameters():
    parameter.grad = torch.ones_like(parameter)
state = module.state_dict()
saved = collections.OrderedDict((key, value.clone()) for key, value in state.items())
optimizer.step()
checkpoint = {"weights": weights, "g_ema": saved, "g_optim": optimizer.state_dict(), "epoch": 7, "ada_aug_p": 0.125,
              "args": argparse.Namespace(size=256, path="données", augment=False, ckpt=None),
              "parameter": torch.nn.Parameter(ramp(2))}

has_zip = tuple(int(part) for part in version.split(".")[:2]) >= (1, 4)
torch.save(checkpoint, path(".pt"))
default_is_zip = open(path(".pt"), "rb").read(2) == b"PK"
if has_zip:
    torch.save(checkpoint, path("-legacy.pt" if default_is_zip else "-zip.pt"),
               _use_new_zipfile_serialization=not default_is_zip)
again = torch.load(path(".pt"), **({"weights_only": False} if default_is_zip and int(version.split(".")[0]) > 1 else {}))
assert again["weights"]["view"].tolist() == base[2:8].tolist()
torch.jit.save(torch.jit.script(Small()), path("-script.pt"))
torch.save(torch.nn.Sequential(collections.OrderedDict([("conv1", Small().conv1)])), path("-module.pt"))
print(version, "zip" if default_is_zip else "legacy")
