"""The same work in PyTorch: reads one request a line, answers one line of JSON.

    threads N            how many threads compute
    run NAME REPEATS     NAME as the Swift side writes it, such as resnet50-train:batch=16,side=224
    drop                 frees what was built
    parameters NAME      how many learned values the network has
    quit

`run` builds networks and inputs when NAME is new, runs once untimed, then REPEATS times, and answers
{"name", "seconds": [...], "peak_bytes"}: the most memory of the process during the timed runs (null where the system
does not tell). What goes wrong is answered as {"error": ...}.
"""
import copy
import glob
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

import peer_networks as nets

CLASSES = 20


def released(multiplier):
    return lambda side: 512 if side <= 32 else 16384 * multiplier // side


def narrow(side):
    return min(64, max(8, 2048 // side))


class Adversarial:
    """Generator, discriminator and the losses of CDTG."""

    def __init__(self, side, batch, channels, width, mapping, label_width):
        self.side, self.batch, self.width = side, batch, width
        self.g = nets.Generator(side, width, mapping, CLASSES, channels)
        self.d = nets.Discriminator(side, CLASSES, label_width, channels)
        self.labels = torch.arange(batch) % CLASSES
        self.real = torch.rand(batch, 3, side, side) * 2 - 1

    def draw(self):
        w = self.g.styles(torch.randn(self.batch, self.width), self.labels)
        return self.g(w), w

    def discriminate(self, image):
        return self.d(image, self.labels)

    def r1(self):
        image = self.real.detach().requires_grad_(True)
        gradient, = torch.autograd.grad(self.discriminate(image).sum(), image, create_graph=True)
        return gradient.pow(2).reshape(self.batch, -1).sum(1).mean()

    def path(self, batch=None):
        count = batch or self.batch
        w = self.g.styles(torch.randn(count, self.width), self.labels[:count])
        image = self.g(w)
        noise = torch.randn_like(image) / math.sqrt(image.shape[2] * image.shape[3])
        gradient, = torch.autograd.grad((image * noise).sum(), w, create_graph=True)
        lengths = torch.sqrt(gradient.pow(2).sum(2).mean(1))
        return (lengths - (0.1 + 0.01 * (lengths.mean() - 0.1))).pow(2).mean()


def cleared(module):
    for parameter in module.parameters():
        parameter.grad = None


def images_in(folder):
    """Decode, convert, resize, to a tensor, normalise: what torchvision's transforms do."""
    import numpy
    from PIL import Image

    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    paths = sorted(glob.glob(folder + "/**/*.jpg", recursive=True))[:400]
    if not paths:
        raise ValueError("no file named *.jpg in " + folder)

    def work():
        for path in paths:
            image = Image.open(path).convert("RGB").resize((224, 224), Image.BILINEAR)
            x = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).contiguous().float().div(255)
            x.sub_(mean[:, None, None]).div_(deviation[:, None, None])
    return work


def built(name):
    """The network, and what runs the work once."""
    kind, _, rest = name.partition(":")
    sizes = dict(pair.split("=") for pair in rest.split(",") if pair)
    torch.manual_seed(1)

    def size(key, standard):
        return int(sizes.get(key, standard))

    if kind in ("resnet50-train", "resnet50-eval"):
        batch, side = size("batch", 16), size("side", 224)
        layout = torch.channels_last if size("nhwc", 1) else torch.contiguous_format
        model = nets.ResNet([3, 4, 6, 3], 64, CLASSES, bottleneck=True, small_stem=False).to(memory_format=layout)
        x = torch.randn(batch, 3, side, side).to(memory_format=layout)
        if kind == "resnet50-eval":
            model.eval()
            return model, torch.no_grad()(lambda: model(x))
        return model, training(model, x, torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9))
    if kind == "classifier-small":
        model = nets.ResNet([1, 1, 1, 1], 24, CLASSES, bottleneck=False, small_stem=True)
        model = model.to(memory_format=torch.channels_last) if size("nhwc", 1) else model
        x = torch.randn(size("batch", 64), 3, 32, 32)
        x = x.to(memory_format=torch.channels_last) if size("nhwc", 1) else x
        return model, training(model, x, torch.optim.Adam(model.parameters(), 1e-3, weight_decay=1e-4))
    if kind == "clip-image":
        model = nets.VisionTransformer().eval()
        x = torch.randn(size("batch", 8), 3, 224, 224)
        return model, torch.no_grad()(lambda: model(x))
    if kind == "jpeg":
        return None, images_in(FOLDER)
    if kind.startswith("cdtg-small"):
        gan = Adversarial(32, size("batch", 16), narrow, 128, 2, 64)
        return gan.g, small_iteration(gan, kind)
    gan = Adversarial(size("side", 256), size("batch", 4), released(size("multiplier", 2)), 512, 8, 512)
    if kind == "generator-forward":
        return gan.g, torch.no_grad()(lambda: gan.draw())
    if kind == "generator-step":
        gan.d.requires_grad_(False)

        def step():
            cleared(gan.g)
            F.softplus(-gan.discriminate(gan.draw()[0])).mean().backward()
        return gan.g, step
    if kind == "path-length":
        def step():
            cleared(gan.g)
            gan.path().backward()
        return gan.g, step
    if kind in ("discriminator", "r1"):
        def step():
            cleared(gan.d)
            (gan.r1() if kind == "r1" else F.softplus(-gan.discriminate(gan.real)).mean()).backward()
        return gan.d, step
    raise ValueError(f"unknown work {name}")


def training(model, x, optimizer):
    labels = torch.arange(len(x)) % CLASSES

    def step():
        optimizer.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()
    return step


def small_iteration(gan, kind):
    """One iteration of CDTG: the discriminator, the generator, the moving average; or one of its regularisations."""
    average = copy.deepcopy(gan.g)
    g_optimizer = torch.optim.Adam(gan.g.parameters(), 1.5e-3, betas=(0.0, 0.99))
    d_optimizer = torch.optim.Adam(gan.d.parameters(), 6e-3, betas=(0.0, 0.99))

    def descend(loss, optimizer):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def iteration():
        gan.d.requires_grad_(True)
        with torch.no_grad():
            fake = gan.draw()[0]
        real_loss = F.softplus(-gan.discriminate(gan.real)).mean()
        descend(real_loss + F.softplus(gan.discriminate(fake)).mean(), d_optimizer)
        gan.d.requires_grad_(False)
        descend(F.softplus(-gan.discriminate(gan.draw()[0])).mean(), g_optimizer)
        with torch.no_grad():
            for mine, theirs in zip(average.parameters(), gan.g.parameters()):
                mine.lerp_(theirs, 0.004)

    def r1():
        gan.d.requires_grad_(True)
        descend(gan.r1() * 0.4, d_optimizer)

    def path():
        descend(gan.path(gan.batch // 2) * 8, g_optimizer)
    return {"cdtg-small": iteration, "cdtg-small-r1": r1, "cdtg-small-path": path}[kind]


def memory(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(key))


def run(work, repeats):
    seconds = []
    try:
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
        can_reset = True
    except OSError:
        can_reset = False
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "peak_bytes": memory("VmHWM") if can_reset else None}


class Session:
    """What was built last, and the answers to requests about it."""

    def __init__(self):
        self.drop()

    def drop(self):
        self.name, self.model, self.work, self.is_warm = None, None, None, False
        return {"dropped": True}

    def build(self, name):
        if name != self.name:
            self.drop()
            self.model, self.work = built(name)
            self.name = name

    def threads(self, count):
        torch.set_num_threads(int(count))
        return {"threads": torch.get_num_threads()}

    def run(self, name, repeats):
        self.build(name)
        if not self.is_warm:
            self.work()
            self.is_warm = True
        return {"name": name, **run(self.work, int(repeats))}

    def parameters(self, name):
        self.build(name)
        return {"name": name, "parameters": sum(p.numel() for p in self.model.parameters())}


def main():
    session = Session()
    print(json.dumps({"ready": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "quit":
            return
        try:
            answer = getattr(session, command)(*words)
        except (ArithmeticError, AttributeError, MemoryError, OSError, RuntimeError, TypeError, ValueError) as error:
            answer = {"error": str(error).split("\n")[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    FOLDER = sys.argv[1] if len(sys.argv) > 1 else "."
    main()
