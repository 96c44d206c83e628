"""Opens files written by the package with PyTorch: python check_written.py FIXTURES WRITTEN"""

import argparse
import os
import sys

import numpy
import torch

fixtures, written = sys.argv[1:]


def same(ours, theirs, path):
    if isinstance(theirs, argparse.Namespace):
        theirs = vars(theirs)
    if isinstance(theirs, numpy.ndarray):
        theirs = torch.from_numpy(theirs.astype(theirs.dtype.newbyteorder("=")))
    if isinstance(theirs, torch.Tensor):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, path
        raw = [x.detach().contiguous().flatten().view(torch.uint8) for x in (ours, theirs)] if ours.numel() else [0, 0]
        assert (raw[0] == raw[1]) is True or torch.equal(*raw), path
    elif isinstance(theirs, dict):
        assert list(ours) == [k for k in theirs if k != "numbers"], (path, list(ours), list(theirs))
        for key in ours:
            same(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs) and isinstance(ours, tuple) == isinstance(theirs, tuple), path
        for index, pair in enumerate(zip(ours, theirs)):
            same(*pair, f"{path}.{index}")
    else:
        assert ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool), (path, ours, theirs)


for name in ("zip.pth", "training.pt", "unsigned.pt", "protocol4.pth"):
    for options in ({}, {"mmap": True}):
        ours = torch.load(os.path.join(written, name), weights_only=True, **options)
        same(ours, torch.load(os.path.join(fixtures, name), weights_only=False), name)

sample = torch.load(os.path.join(written, "sample.pth"), weights_only=True)
same(sample, {"integers": [1, -1, 2**40, -2**63, 2**63 - 1], "floats": (0.1, float("-inf")), "texts": ["", "größe\n"],
              "others": [None, True, False, b"\x00\xff", [], ()], 3: {}}, "sample")
print("all equal")
