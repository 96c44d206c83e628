"""Writes the checkpoint fixtures beside this file: python checkpoint_fixtures.py

Every file of PyTorch's formats has the same tensors (`weights`), so that one table of expected values, expected.json,
serves all: float32 values as bit patterns would be large, so small exact numbers are used.
"""

import argparse
import collections
import io
import json
import os
import pickle
import struct
import sys
import tarfile
import warnings
import zipfile

import numpy
import torch

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(here, name)


def ramp(*shape, dtype=torch.float32):
    count = int(numpy.prod(shape)) if shape else 1
    return ((torch.arange(count, dtype=torch.float64) - 3) / 4).reshape(shape).to(dtype)


base = ramp(24)
weights = collections.OrderedDict(
    float32=ramp(2, 3),
    float64=ramp(2, 2, dtype=torch.float64),
    float16=torch.tensor([1.5, -65504.0, 2.0**-24, float("inf")], dtype=torch.float16),
    bfloat16=torch.tensor([1.5, -3.0e38, 0.0], dtype=torch.bfloat16),
    int64=torch.tensor([-5, 2**24], dtype=torch.int64),
    int32=torch.tensor([[-7], [8]], dtype=torch.int32),
    int16=torch.tensor([-300, 300], dtype=torch.int16),
    int8=torch.tensor([-128, 127], dtype=torch.int8),
    uint8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    transposed=ramp(3, 4).t(),
    channels_last=ramp(1, 2, 3, 2).contiguous(memory_format=torch.channels_last),
    view=base[6:14],
    strided=base.reshape(4, 6)[1:, ::2],
    expanded=torch.tensor([1.25]).expand(2, 3),
)
weights["päth.名"] = ramp(1)


def expected(tensor):
    return {"dtype": str(tensor.dtype)[6:], "shape": list(tensor.shape),
            "values": ["inf" if v == float("inf") else v for v in tensor.to(torch.float64).flatten().tolist()]}


json.dump({key: expected(value) for key, value in weights.items()}, open(path("expected.json"), "w"),
          indent=0, sort_keys=True, ensure_ascii=False)

# The formats.
torch.save(weights, path("zip.pth"))
torch.save(weights, path("legacy.pth"), _use_new_zipfile_serialization=False)
for protocol in (0, 1, 3, 4, 5):
    # PyTorch writes tensors with protocol 0 that it cannot read itself.
    few = collections.OrderedDict(w=ramp(2, 3), half=ramp(3, dtype=torch.float16)) if protocol else None
    torch.save({"weights": few,
                "numbers": [1, -2, 300, 70000, 2**40, -2**70, 1.5, True, None, "text", "zeile\nä\\", b"\x00\xff"],
                "nested": {"tuple": (1, 2, (3,)), "set": {4}, 7: "seven"}},
               path(f"protocol{protocol}.pth"), pickle_protocol=protocol,
               _use_new_zipfile_serialization=protocol >= 3)


# A training checkpoint of TGN's shape.
class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(2, 3, 3)
        self.norm = torch.nn.BatchNorm2d(3)

    def forward(self, x):
        return self.norm(self.conv1(x)).sum()


torch.manual_seed(5)
g, d, g_ema = Small(), Small(), Small()
g_optim, d_optim = (torch.optim.Adam(m.parameters(), lr=0.002, betas=(0.0, 0.99)) for m in (g, d))
for module, optimizer in ((g, g_optim), (d, d_optim)):
    module(torch.randn(2, 2, 5, 5)).backward()
    optimizer.step()
arguments = argparse.Namespace(size=256, batch=16, path="./données", augment=True, lr=0.002, ckpt=None,
                               mean=numpy.float32(0.25), device=torch.device("cpu"))
training = {"g": g.state_dict(), "d": d.state_dict(), "g_ema": g_ema.state_dict(), "g_optim": g_optim.state_dict(),
            "d_optim": d_optim.state_dict(), "args": arguments, "ada_aug_p": 0.125,
            "size": torch.Size([3, 4]), "type": torch.float16, "array": numpy.arange(6, dtype="f8").reshape(2, 3),
            "big": numpy.asfortranarray(numpy.arange(6, dtype=">i2").reshape(2, 3)),
            "counts": collections.defaultdict(int, a=1), "parameter": torch.nn.Parameter(ramp(2))}
torch.save(training, path("training.pt"))
torch.save(training, path("training-legacy.pt"), _use_new_zipfile_serialization=False)


# TorchScript: CLIP's form, half weights and an integer attribute.
class Scripted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
        self.visual[0].weight.data = ramp(2, 3)
        self.visual[0].half()
        self.logit_scale = torch.nn.Parameter(torch.tensor(4.5))
        self.input_resolution = 224
        self.names = ["a", "b"]

    def forward(self, x):
        return self.visual(x) * self.logit_scale * torch.tensor([2.0])


torch.jit.save(torch.jit.script(Scripted()), path("script.pt"))

# A whole module, pickled by its class.
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
torch.save(module, path("module.pt"))

# unsigned types that have no storage class
torch.save({"u16": torch.tensor([65535], dtype=torch.uint16), "u64": torch.tensor([2**40], dtype=torch.uint64)},
           path("unsigned.pt"))


# The first format, written by hand after the reader in torch.serialization: tensors are persistent identifiers.
def tar_checkpoint(name):
    shared = ramp(8)
    tensors = [("weight", shared, (2, 3), (3, 1), 0), ("tail", shared, (2,), (1,), 6), ("count", torch.tensor([3, 4]), (2,), (1,), 0)]
    keys = {id(shared): 11, id(tensors[2][1]): 12}
    storages = io.BytesIO()
    storages.write(pickle.dumps(2, 2))
    for key, values, cls in ((11, shared, "FloatStorage"), (12, tensors[2][1], "LongStorage")):
        # The class by name: a pickle of ('key', 'cpu', torch.FloatStorage).
        storages.write(b"\x80\x02K" + bytes([key]) + b"X\x03\x00\x00\x00cpuctorch\n" + cls.encode() + b"\n\x87.")
        storages.write(struct.pack("<q", values.numel()) + values.numpy().tobytes())
    storages.write(pickle.dumps([(13, 11, 2, 4)], 2))
    table = io.BytesIO()
    table.write(pickle.dumps(len(tensors) + 1, 2))
    for number, (_, values, shape, strides, offset) in enumerate(tensors + [("view", None, (2, 2), (1, 2), 0)]):
        storage = keys[id(values)] if values is not None else 13
        table.write(b"\x80\x02K" + bytes([100 + number]) + b"K" + bytes([storage]) + b"ctorch\nFloatTensor\n\x87.")
        table.write(struct.pack("<iI", len(shape), 0) + struct.pack(f"<{len(shape)}q", *shape)
                    + struct.pack(f"<{len(shape)}q", *strides) + struct.pack("<q", offset))

    class Writer(pickle.Pickler):
        def persistent_id(self, item):
            return item[1] if isinstance(item, tuple) and len(item) == 2 and item[0] == "tensor" else None

    root = collections.OrderedDict((n[0], ("tensor", 100 + i)) for i, n in enumerate(tensors))
    root["view"] = ("tensor", 103)
    stream = io.BytesIO()
    Writer(stream, 2).dump({"model": root, "epoch": 3})
    with tarfile.open(path(name), "w:", format=tarfile.PAX_FORMAT) as tar:
        for entry, data in (("sys_info", pickle.dumps({"little_endian": True}, 2)), ("pickle", stream.getvalue()),
                            ("tensors", table.getvalue()), ("storages", storages.getvalue())):
            info = tarfile.TarInfo(entry)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


tar_checkpoint("tar.pth")
check = torch.load(path("tar.pth"), weights_only=False)["model"]
assert check["weight"].tolist() == ramp(6).reshape(2, 3).tolist(), check["weight"]
assert check["view"].tolist() == [[-0.25, 0.25], [0.0, 0.5]], check["view"]


# safetensors of several types, written after its description.
def safetensors(name, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    names = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "int64": "I64", "uint8": "U8", "bool": "BOOL"}
    for key, tensor in tensors.items():
        raw = tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[key] = {"dtype": names[str(tensor.dtype)[6:]], "shape": list(tensor.shape),
                       "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, ensure_ascii=False).encode()
    open(path(name), "wb").write(struct.pack("<Q", len(text)) + text + data)


safetensors("types.safetensors", {key: weights[key] for key in
                                  ("float16", "bfloat16", "float32", "int64", "uint8", "bool", "empty", "päth.名")})

# Big-endian numbers, as a machine with that order would save them.
with zipfile.ZipFile(path("big-endian.pth"), "w", zipfile.ZIP_STORED) as archive, zipfile.ZipFile(path("zip.pth")) as whole:
    buffer = io.BytesIO()
    torch.save({"w": ramp(2, 3), "n": torch.tensor([258])}, buffer)
    with zipfile.ZipFile(buffer) as little:
        for info in little.infolist():
            data = little.read(info)
            if info.filename.endswith("byteorder"):
                data = b"big"
            elif info.filename.endswith("data/0"):
                data = numpy.frombuffer(data, "<f4").astype(">f4").tobytes()
            elif info.filename.endswith("data/1"):
                data = numpy.frombuffer(data, "<i8").astype(">i8").tobytes()
            archive.writestr(info.filename, data)

print(torch.__version__, sum(os.path.getsize(path(f)) for f in os.listdir(here)), "bytes", file=sys.stderr)
