"""Writes Tests/LongTailTests/Fixtures/metrics.json: the measures of generated pictures, computed with NumPy and SciPy.

Needs numpy and scipy. Run it from anywhere: `python metric_fixtures.py`. The file is committed, so that the tests need
no Python. Each case has two small lists of features and every measure of them, written from the papers' formulas with
other means than ours: a general matrix square root, distances from differences, sorted lists.
"""

import json
from pathlib import Path

import numpy as np
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist

FILE = Path(__file__).resolve().parent.parent / "LongTailTests" / "Fixtures" / "metrics.json"


def frechet_distance(a, b):
    """Heusel et al. 2017, with a little of the identity where a covariance is singular."""
    shift = a.mean(0) - b.mean(0)
    first, second = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    offset = 1e-13 * np.eye(len(first))
    root = sqrtm((first + offset) @ (second + offset))
    return shift @ shift + np.trace(first) + np.trace(second) - 2 * np.trace(root).real


def kernel_distance(a, b):
    """Bińkowski et al. 2018: the unbiased squared maximum mean discrepancy of all rows."""
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x):
        values = kernel(x, x)
        return (values.sum() - np.trace(values)) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2 * kernel(a, b).mean()


def radii(x, k):
    """The distance to the k-th nearest other row."""
    return np.sort(cdist(x, x), axis=1)[:, k]


def precision_recall(real, fake, k=3):
    """Kynkäänniemi et al. 2019."""
    distances = cdist(real, fake)
    precision = (distances <= radii(real, k)[:, None]).any(axis=0).mean()
    recall = (distances <= radii(fake, k)[None, :]).any(axis=1).mean()
    return precision, recall


def density_coverage(real, fake, k=5):
    """Naeem et al. 2020."""
    distances, reach = cdist(real, fake), radii(real, k)
    density = (distances < reach[:, None]).sum(axis=0).mean() / k
    coverage = (distances.min(axis=1) < reach).mean()
    return density, coverage


def path_length(values):
    """The released ppl.py: from the first to the ninety-ninth percentile, each rounded outwards."""
    low = np.percentile(values, 1, method="lower")
    high = np.percentile(values, 99, method="higher")
    return values[(low <= values) & (values <= high)].mean()


def case(generator, counts, width, scale, shift):
    real = generator.normal(size=(counts[0], width)) @ generator.normal(size=(width, width)) / np.sqrt(width)
    fake = scale * generator.normal(size=(counts[1], width)) + shift
    # Some generated pictures are near copies.
    fake[: counts[1] // 3] = real[: counts[1] // 3] + 0.05 * fake[: counts[1] // 3]
    real, fake = np.round(real, 3), np.round(fake, 3)
    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    nearest = cdist(fake, real)
    size = min(counts)
    return {
        "width": width, "real": real.ravel().tolist(), "fake": fake.ravel().tolist(),
        "frechet": frechet_distance(real, fake), "kernel": kernel_distance(real[:size], fake[:size]),
        "precision": precision, "recall": recall, "density": density, "coverage": coverage,
        "nearest": nearest.argmin(axis=1).tolist(), "distances": nearest.min(axis=1).tolist(),
        "pairs": cdist(fake, fake)[np.triu_indices(counts[1], 1)].mean(),
    }


if __name__ == "__main__":
    generator = np.random.default_rng(1)
    cases = [
        case(generator, (60, 40), 6, 0.8, 0.3), case(generator, (30, 50), 2, 1.2, 0.0),
        # Fewer pictures than features: singular covariances.
        case(generator, (12, 9), 20, 1.0, 0.5), case(generator, (90, 90), 4, 0.3, 0.0),
    ]
    lengths = np.round(generator.exponential(size=237), 5)
    content = {"cases": cases, "lengths": lengths.tolist(), "path_length": path_length(lengths)}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    for row in cases:
        print({key: value for key, value in row.items() if isinstance(value, float)})
    print(f"{FILE.stat().st_size / 1000:.0f} kB")
