"""Shows that the networks timed are the released ones: python peer_check.py GOLDEN_FOLDER (needs numpy).

Weights and inputs are made by the golden folder's formula, under the released code's keys; outputs, losses, gradients,
R1 and path-length penalties must be the released code's own. The exit status is 1 where one is not.
"""
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import peer_networks as nets
from peer import released

CLASSES = 12
VALUE_TOLERANCE, GRADIENT_TOLERANCE, TRAINING_TOLERANCE = 1e-4, 1e-3, 1e-2

# Our keys on the left, the released code's on the right; the first pattern that fits is taken.
GENERATOR_KEYS = [
    (r"embedding\.weight", "label_emb.weight"),
    (r"mapping\.(\d+)\.(.*)", lambda m: f"style.{int(m[1]) + 1}.{m[2]}"),
    (r"input", "input.input"),
    (r"first\.conv\.(.*)", r"conv1.conv.\1"),
    (r"first\.strength", "conv1.noise.weight"),
    (r"first\.bias", "conv1.activate.bias"),
    (r"readers\.0\.(.*)", r"to_rgb1.conv.\1"),
    (r"biases\.0", "to_rgb1.bias"),
    (r"readers\.(\d+)\.(.*)", lambda m: f"to_rgbs.{int(m[1]) - 1}.conv.{m[2]}"),
    (r"biases\.(\d+)", lambda m: f"to_rgbs.{int(m[1]) - 1}.bias"),
    (r"layers\.(\d+)\.conv\.(.*)", r"convs.\1.conv.\2"),
    (r"layers\.(\d+)\.strength", r"convs.\1.noise.weight"),
    (r"layers\.(\d+)\.bias", r"convs.\1.activate.bias"),
]
DISCRIMINATOR_KEYS = [
    (r"embedding\.weight", "label_emb.weight"),
    (r"readers\.(\d+)\.weight", r"from_rgbs.\1.conv.0.weight"),
    (r"readers\.(\d+)\.bias", r"from_rgbs.\1.conv.1.bias"),
    (r"blocks\.(\d+)\.0\.weight", r"convs.\1.conv1.0.weight"),
    (r"blocks\.(\d+)\.0\.bias", r"convs.\1.conv1.1.bias"),
    (r"blocks\.(\d+)\.1\.weight", r"convs.\1.conv2.1.weight"),
    (r"blocks\.(\d+)\.1\.bias", r"convs.\1.conv2.2.bias"),
    (r"(fusion|final)\.weight", r"\1_conv.0.weight"),
    (r"(fusion|final)\.bias", r"\1_conv.1.bias"),
    (r"linear\.(.*)", r"final_linear.\1"),
]
CLIP_KEYS = [
    (r"conv\.weight", "conv1.weight"), (r"token", "class_embedding"), (r"position", "positional_embedding"),
    (r"before\.(.*)", r"ln_pre.\1"), (r"after\.(.*)", r"ln_post.\1"), (r"proj", "proj"),
    (r"layers\.(\d+)\.attn\.(.*)", r"transformer.resblocks.\1.attn.\2"),
    (r"layers\.(\d+)\.norms\.(\d)\.(.*)", lambda m: f"transformer.resblocks.{m[1]}.ln_{int(m[2]) + 1}.{m[3]}"),
    (r"layers\.(\d+)\.fc\.(.*)", r"transformer.resblocks.\1.mlp.c_fc.\2"),
    (r"layers\.(\d+)\.proj\.(.*)", r"transformer.resblocks.\1.mlp.c_proj.\2"),
]


def resnet_block(number):
    """layers.3 of one list is layer2.0 of the released stages of 3, 4, 6 and 3."""
    stage = next(stage for stage, end in enumerate((3, 7, 13, 16)) if number < end)
    return f"layer{stage + 1}.{number - (0, 3, 7, 13)[stage]}"


RESNET_KEYS = [
    (r"conv\.weight", "conv1.weight"), (r"norm\.(.*)", r"bn1.\1"), (r"fc\.(.*)", r"fc.\1"),
    (r"layers\.(\d+)\.convs\.(\d)\.(.*)", lambda m: f"{resnet_block(int(m[1]))}.conv{int(m[2]) + 1}.{m[3]}"),
    (r"layers\.(\d+)\.norms\.(\d)\.(.*)", lambda m: f"{resnet_block(int(m[1]))}.bn{int(m[2]) + 1}.{m[3]}"),
    (r"layers\.(\d+)\.shortcut\.(.*)", lambda m: f"{resnet_block(int(m[1]))}.shortcut.{m[2]}"),
]


def released_key(key, patterns):
    for pattern, replacement in patterns:
        match = re.fullmatch(pattern, key)
        if match:
            return replacement(match) if callable(replacement) else match.expand(replacement)
    raise KeyError(key)


def numbers(name, shape, salt):
    """The formula's numbers in [-1, 1) for a name: FNV-1a, then SplitMix64."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    state ^= salt
    z = np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(state)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    values = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)
    return torch.from_numpy(values.reshape(tuple(shape)))


def scale_and_shift(family, key, shape):
    """What the formula's numbers are multiplied by, and what is added, for a weight of a family of networks."""
    last, rank, fan = key.rsplit(".", 1)[-1], len(shape), math.prod(shape[1:])
    if last in ("running_var", "running_mean"):
        return (0.25, 1.25) if last == "running_var" else (0.1, 0.0)
    if family == "tgn":
        if key.startswith("style.") and last == "weight":
            return 100 * math.sqrt(3), 0.0
        if key.endswith("modulation.bias"):
            return 0.1, 1.0
        return (math.sqrt(3), 0.0) if rank >= 2 and last != "bias" else (0.1, 0.0)
    if family == "clip":
        if rank >= 2:
            return (0.05, 0.0) if "embedding" in key else (1 / math.sqrt(fan), 0.0)
        return (0.1, 1.0) if last == "weight" else (0.05, 0.0)
    if rank >= 2:
        return math.sqrt(6 / fan) * (0.3 if rank == 4 and key.endswith("conv3.weight") else 1), 0.0
    return (0.1, 1.0) if last == "weight" else (0.1, 0.0)


def filled(network, family, prefix, patterns, salt):
    """Gives a network the formula's weights, and its released keys: ours -> released."""
    network.released_keys = {}
    with torch.no_grad():
        for key, value in network.state_dict().items():
            if not value.is_floating_point():
                continue
            name = released_key(key, patterns)
            scale, shift = scale_and_shift(family, name, value.shape)
            value.copy_(numbers(prefix + name, value.shape, salt) * scale + shift)
            network.released_keys[name] = key
    return network


class GoldenFile:
    """One case; `compare` keeps the largest difference relative to each tolerance."""

    def __init__(self, folder, name):
        self.name = name
        self.fields = json.loads((Path(folder) / f"{name}.json").read_text())
        self.salt, self.count, self.worst = self.fields["salt"], 0, (0.0, "-")

    def compare(self, key, value, tolerance=VALUE_TOLERANCE):
        golden = self.fields[key]
        if isinstance(golden, dict):
            assert list(value.shape) == golden["shape"], f"{self.name}, {key}: shape {list(value.shape)}"
            value, expected = value.detach().flatten()[golden["index"]].double(), torch.tensor(golden["value"]).double()
            scale = golden["absmax"]
        else:
            value, expected, scale = value.detach().double(), torch.tensor(golden).double(), abs(golden)
        share = float((value - expected).abs().max()) / max(scale, 1e-30) / tolerance
        self.count += 1
        # What is not a number is worse than everything.
        self.worst = max(self.worst, (math.inf if math.isnan(share) else share, key))

    def compare_gradients(self, network, loss, prefix, tolerance=GRADIENT_TOLERANCE):
        parameters = dict(network.named_parameters())
        keys = [key for key in self.fields if key.startswith(prefix)]
        wanted = [parameters[network.released_keys[key[len(prefix):]]] for key in keys]
        for key, gradient in zip(keys, torch.autograd.grad(loss, wanted, retain_graph=True)):
            self.compare(key, gradient, tolerance)

    def generator(self, side):
        generator = filled(nets.Generator(side, 512, 8, CLASSES, released(2)), "tgn", "g.", GENERATOR_KEYS, self.salt)
        for index, layer in enumerate([generator.first, *generator.layers]):
            # noise_k has a side of 2^((k + 5) // 2).
            size = 1 << (index + 5) // 2
            layer.fixed_noise = numbers(f"g.noises.noise_{index}", (1, 1, size, size), self.salt) * math.sqrt(3)
        return generator

    def discriminator(self, side):
        network = nets.Discriminator(side, CLASSES, 512, released(2))
        return filled(network, "tgn", "d.", DISCRIMINATOR_KEYS, self.salt)

    def draw(self, generator, labels, change):
        """Pictures and styles; the second latent takes over at layer `change`."""
        latents = [numbers(f"input.z{i}", (len(labels), 512), self.salt) * math.sqrt(3) for i in (0, 1)]
        first, second = (generator.styles(z, labels) for z in latents)
        w = torch.cat((first[:, :change], second[:, change:]), 1)
        return generator(w), w


def check_generator(case, side):
    generator, labels = case.generator(side), torch.tensor(case.fields["labels"])
    image, latent = case.draw(generator, labels, case.fields["inject_index"])
    case.compare("image", image)
    case.compare("latent", latent)


def check_discriminator(case, side):
    judge, labels = case.discriminator(side), torch.tensor(case.fields["labels"])
    x = numbers("input.real", (len(labels), 3, side, side), case.salt).requires_grad_()
    logits = judge(x, labels)
    loss = F.softplus(-logits).mean()
    case.compare("logits", logits)
    case.compare("softplus_loss", loss)
    case.compare_gradients(judge, loss, "grad:")
    if "r1_penalty" in case.fields:
        gradient, = torch.autograd.grad(logits.sum(), x, create_graph=True)
        penalty = gradient.pow(2).flatten(1).sum(1).mean()
        case.compare("input_gradient", gradient, GRADIENT_TOLERANCE)
        case.compare("r1_penalty", penalty, GRADIENT_TOLERANCE)
        case.compare_gradients(judge, penalty, "r1grad:")


def check_generator_step(case):
    generator, judge, labels = case.generator(64), case.discriminator(64), torch.tensor([3, 10])
    logits = judge(case.draw(generator, labels, 3)[0], labels)
    loss = F.softplus(-logits).mean()
    case.compare("fake_logits", logits)
    case.compare("loss", loss)
    case.compare_gradients(generator, loss, "grad:")


def check_path_length(case):
    generator = case.generator(64)
    image, w = case.draw(generator, torch.tensor([3, 10]), 3)
    noise = numbers("input.pathnoise", image.shape, case.salt) * (math.sqrt(3) / 64)
    gradient, = torch.autograd.grad((image * noise).sum(), w, create_graph=True)
    lengths = gradient.pow(2).sum(2).mean(1).sqrt()
    penalty = (lengths - 0.01 * lengths.mean()).pow(2).mean()
    case.compare("path_lengths", lengths, GRADIENT_TOLERANCE)
    case.compare("penalty", penalty, GRADIENT_TOLERANCE)
    case.compare_gradients(generator, penalty, "grad:")


def resnet(classes, prefix, salt):
    """ResNet-50, and a list that receives the map of its third stage."""
    network = nets.ResNet([3, 4, 6, 3], 64, classes, bottleneck=True, small_stem=False)
    features = []
    network.layers[12].register_forward_hook(lambda module, inputs, output: features.append(output))
    return filled(network, "resnet", prefix, RESNET_KEYS, salt), features


def check_resnet(case):
    student, features = resnet(12, "student.", case.salt)
    student.eval()
    case.compare("logits", student(numbers("input.image", (2, 3, 224, 224), case.salt)))
    case.compare("features", features[0])


def check_distillation(case):
    student, features = resnet(12, "student.", case.salt)
    teacher, teacher_features = resnet(8, "teacher.", case.salt)
    student.train(), teacher.eval()
    x = numbers("input.train", (4, 3, 64, 64), case.salt)
    logits = student(x)
    teacher(x)
    loss = F.cross_entropy(logits, torch.tensor(case.fields["labels"]))
    # The hook's map is changed in place by nothing: the next block adds to a new one.
    loss = loss + 0.2 * F.mse_loss(features[0], teacher_features[0].detach())
    case.compare("loss", loss)
    case.compare_gradients(student, loss, "grad:", TRAINING_TOLERANCE)
    case.compare("running_mean:bn1", student.norm.running_mean)
    case.compare("running_var:layer4.2.bn3", student.layers[15].norms[2].running_var)


def check_clip(case):
    vision = filled(nets.VisionTransformer(), "clip", "clip.visual.", CLIP_KEYS, case.salt).eval()
    with torch.no_grad():
        case.compare("image_features", vision(numbers("input.image", (2, 3, 224, 224), case.salt)))


CASES = {
    "tgn_generator_64": lambda case: check_generator(case, 64),
    "tgn_generator_256": lambda case: check_generator(case, 256),
    "tgn_discriminator_64": lambda case: check_discriminator(case, 64),
    "tgn_discriminator_256": lambda case: check_discriminator(case, 256),
    "tgn_generator_step_64": check_generator_step,
    "tgn_path_length_64": check_path_length,
    "kmdn_resnet50_eval": check_resnet,
    "kmdn_distill_step": check_distillation,
    "clip_vit_b32": check_clip,
}


def main(folder):
    passed = True
    for name, examine in CASES.items():
        case = GoldenFile(folder, name)
        examine(case)
        share, key = case.worst
        passed = passed and share <= 1
        print(f"{name:24} {case.count:3} quantities, largest difference {share:.1e} of the tolerance ({key})", flush=True)
    print("all agree" if passed else "NOT all agree")
    return 0 if passed else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("give the folder of golden values: python peer_check.py ../shared/golden")
    sys.exit(main(sys.argv[1]))
