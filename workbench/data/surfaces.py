"""Draws the sample set: surfaces of cast or rolled metal, good or with one kind of defect, the same for the same definition.

Light, grain, rolling direction, position, size and contrast vary in every class alike, so that neither mean colour nor a
thumbnail gives the class away. A few copies, wrong labels and one corrupt file are planted for curation to find; the file
``planted.json`` beside the images says which.
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench import resources
from workbench.data.reading import read_image
from workbench.jobs import Progress

Field = NDArray[np.float32]
"""A height x width array of brightness, about 0 to 1."""


@dataclass(frozen=True)
class SampleSet:
    """How many images of what are drawn; see ``resources/sample_set.toml``."""

    seed: int
    sides: tuple[int, ...]
    classes: dict[str, int]
    exact_copies: int
    near_duplicates: int
    wrong_labels: int
    corrupt: str

    @classmethod
    def load(cls) -> "SampleSet":
        """Read the definition that ships with the program."""
        fields = tomllib.loads(resources.path("sample_set.toml").read_text(encoding="utf-8"))
        fields.pop("format")
        return cls(**{**fields, "sides": tuple(fields["sides"])})


def draw(folder: Path, definition: SampleSet | None = None) -> Iterator[Progress]:
    """Write the sample set into ``folder/<class>/<number>.png`` and ``folder/planted.json``. Yields a Progress per image."""
    definition = definition or SampleSet.load()
    random = np.random.default_rng(definition.seed)
    written: list[tuple[str, Path]] = []
    names = [name for name, count in definition.classes.items() for _ in range(count)]
    random.shuffle(names)
    wrong = set(random.choice(len(names), definition.wrong_labels, replace=False).tolist())
    total = len(names) + definition.exact_copies + definition.near_duplicates + 1
    planted: dict[str, list[object]] = {"wrong_labels": [], "exact_copies": [], "near_duplicates": [], "corrupt": []}
    for number, name in enumerate(names):
        # Each image has a generator of its own, so that one more class or image leaves the others as they are.
        image = surface(name, np.random.default_rng((definition.seed, number)), definition.sides)
        others = [other for other in definition.classes if other != name]
        label = others[number % len(others)] if number in wrong else name
        path = folder / label / f"{number:04}.png"
        _write(path, image)
        written.append((label, path))
        if number in wrong:
            planted["wrong_labels"].append({"image": _relative(path, folder), "true": name})
        yield Progress(number + 1, total, "drawing surfaces")
    chosen = random.choice(len(written), definition.exact_copies + definition.near_duplicates, replace=False).tolist()
    for extra, source in enumerate(chosen):
        label, original = written[source]
        path = folder / label / f"{len(names) + extra:04}.{'png' if extra < definition.exact_copies else 'jpg'}"
        if extra < definition.exact_copies:
            path.write_bytes(original.read_bytes())
            kind = "exact_copies"
        else:
            _write(path, _again(_read(original), random))
            kind = "near_duplicates"
        planted[kind].append([_relative(original, folder), _relative(path, folder)])
        yield Progress(len(names) + extra + 1, total, "drawing surfaces")
    whole = written[0][1].read_bytes()
    broken = folder / definition.corrupt / f"{total - 1:04}.png"
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_bytes(whole[: len(whole) // 3])
    planted["corrupt"].append(_relative(broken, folder))
    (folder / "planted.json").write_text(json.dumps(planted, indent=1), encoding="utf-8")
    yield Progress(total, total, "drawing surfaces")


def surface(name: str, random: np.random.Generator, sides: tuple[int, ...] = (128,)) -> NDArray[np.uint8]:
    """Draw one surface of class ``name``. Returns height x width x 3 RGB."""
    height, width = (int(random.choice(sides)) for _ in range(2))
    field = _metal(height, width, random)
    if name != "good":
        field = _DEFECTS[name](field, random)
    field = field + random.normal(0, random.uniform(0.008, 0.025), field.shape).astype(np.float32)
    tint = 1 + random.uniform(-0.05, 0.05, 3).astype(np.float32)
    pixels: NDArray[np.uint8] = np.clip(field[..., None] * tint * 255, 0, 255).astype(np.uint8)
    return pixels


def _metal(height: int, width: int, random: np.random.Generator) -> Field:
    """Return a defect-free surface: cast (round grain) or rolled (lines), lit from somewhere."""
    grain = random.normal(0, 1, (height, width)).astype(np.float32)
    if random.random() < 0.5:
        sigma = random.uniform(0.8, 1.8)
        grain = _blur(grain, sigma)
    else:
        grain = _blur(grain, random.uniform(6, 14), 0.7)
        if random.random() < 0.5:
            grain = np.asarray(cv2.resize(np.ascontiguousarray(grain.T), (width, height)), np.float32)
    grain /= float(grain.std()) + 1e-6
    slow = _blur(random.normal(0, 1, (height, width)), min(height, width) / 5)
    slow /= float(slow.std()) + 1e-6
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    light = random.uniform(0, 0.13) * (np.cos(angle) * x + np.sin(angle) * y)
    base = random.uniform(0.38, 0.66)
    result: Field = (base + light + 0.025 * slow + random.uniform(0.02, 0.045) * grain).astype(np.float32)
    return result


def _scratch(field: Field, random: np.random.Generator) -> Field:
    """One to three long, straight, thin bright lines with a dark edge."""
    height, width = field.shape
    size = min(height, width)
    mask, edge = np.zeros_like(field), np.zeros_like(field)
    angle = random.uniform(0, np.pi)
    for _ in range(int(random.integers(1, 4))):
        length = size * random.uniform(0.5, 1.0)
        centre = np.array([random.uniform(0.3, 0.7) * width, random.uniform(0.3, 0.7) * height])
        bent = angle + random.normal(0, 0.08)
        along = np.array([np.cos(bent), np.sin(bent)])
        start, end = centre - along * length / 2, centre + along * length / 2
        thickness = int(random.integers(1, 3))
        _line(mask, start, end, thickness)
        beside = 2 * np.array([along[1], -along[0]])
        _line(edge, start + beside, end + beside, 1)
    mask, edge = _blur(mask, 0.7), _blur(edge, 0.7)
    return np.asarray(field + random.uniform(0.25, 0.45) * mask - 0.15 * edge, np.float32)


def _pit(field: Field, random: np.random.Generator) -> Field:
    """Three to nine small round holes: dark inside, a bright rim on the side away from the light."""
    height, width = field.shape
    dark, rim = np.zeros_like(field), np.zeros_like(field)
    for _ in range(int(random.integers(3, 10))):
        radius = random.uniform(2.5, 6.5)
        x, y = random.uniform(0.1, 0.9) * width, random.uniform(0.1, 0.9) * height
        _disc(rim, (x + 1.5, y + 1.5), radius + 0.8)
        _disc(dark, (x, y), radius)
    dark, rim = _blur(dark, 0.9), _blur(rim, 0.9)
    return np.asarray(field + 0.18 * rim - (random.uniform(0.3, 0.45) + 0.18) * dark, np.float32)


def _crack(field: Field, random: np.random.Generator) -> Field:
    """One dark jagged path that wanders and branches."""
    height, width = field.shape
    mask = np.zeros_like(field)
    heading = random.uniform(0, 2 * np.pi)
    start = np.array([random.uniform(0.25, 0.75) * width, random.uniform(0.25, 0.75) * height])
    paths = [(start, heading, 1.0), (start, heading + np.pi, 1.0)]
    while paths:
        point, heading, share = paths.pop()
        for _ in range(int(share * random.integers(8, 15))):
            turned = heading + random.normal(0, 0.75)
            after = point + random.uniform(4, 8) * np.array([np.cos(turned), np.sin(turned)])
            _line(mask, point, after, 2 if share > 0.9 else 1)
            point = after
            if share > 0.4 and random.random() < 0.14:
                paths.append((point, heading + random.choice([-1, 1]) * random.uniform(0.6, 1.2), share * 0.5))
    mask = _blur(mask, 0.7)
    return np.asarray(field - random.uniform(0.3, 0.45) * mask, np.float32)


def _stain(field: Field, random: np.random.Generator) -> Field:
    """One or two soft blotches with a darker tide mark, under which the grain still shows."""
    height, width = field.shape
    size = min(height, width)
    result = field
    for _ in range(int(random.integers(1, 3))):
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        centre_x, centre_y = random.uniform(0.25, 0.75) * width, random.uniform(0.25, 0.75) * height
        wobble = _blur(random.normal(0, 1, field.shape), size / 12)
        wobble /= float(wobble.std()) + 1e-6
        radius = size * random.uniform(0.13, 0.24)
        distance = np.hypot(x - centre_x, (y - centre_y) * random.uniform(0.8, 1.25)) / radius + 0.12 * wobble
        inside = 0.5 - 0.5 * np.tanh((distance - 1) * 7)
        tide = np.exp(-(((distance - 1) / 0.10) ** 2))
        sign = random.choice([-1.0, 1.0], p=[0.6, 0.4])
        result = result + sign * random.uniform(0.05, 0.11) * inside - random.uniform(0.14, 0.22) * tide
    return result.astype(np.float32)


_DEFECTS: dict[str, Callable[[Field, np.random.Generator], Field]] = {
    "scratch": _scratch,
    "pit": _pit,
    "crack": _crack,
    "stain": _stain,
}


def _blur(field: NDArray[np.floating], sigma_x: float, sigma_y: float | None = None) -> Field:
    blurred = cv2.GaussianBlur(field.astype(np.float32), (0, 0), sigmaX=sigma_x, sigmaY=sigma_y or sigma_x)
    return np.asarray(blurred, np.float32)


def _line(mask: Field, start: NDArray[np.float64], end: NDArray[np.float64], thickness: int) -> None:
    a, b = (tuple(round(float(value)) for value in point) for point in (start, end))
    cv2.line(mask, a, b, 1.0, thickness, cv2.LINE_AA)


def _disc(mask: Field, centre: tuple[float, float], radius: float) -> None:
    cv2.circle(mask, (round(centre[0] * 8), round(centre[1] * 8)), round(radius * 8), 1.0, -1, cv2.LINE_8, 3)


def _again(image: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return the same surface as a second photograph of it: brighter or darker, cut a little differently."""
    top, left, bottom, right = random.integers(1, 5, 4).tolist()
    cut = image[top : image.shape[0] - bottom, left : image.shape[1] - right].astype(np.float32)
    changed: NDArray[np.uint8] = np.clip(cut * random.uniform(0.93, 1.07), 0, 255).astype(np.uint8)
    return changed


def _write(path: Path, image: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90] if path.suffix == ".jpg" else []
    _, encoded = cv2.imencode(path.suffix, image[..., ::-1], quality)
    path.write_bytes(encoded.tobytes())


def _read(path: Path) -> NDArray[np.uint8]:
    return read_image(path)


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
