"""Classify images with the model in this folder. Needs onnxruntime, numpy and pillow, nothing else.

    python demo.py IMAGE_OR_FOLDER...     one JSON line per image: image, prediction, probabilities
    python demo.py --check                classify the sample images and compare with the answers stored at export

Images are decoded by the rules in preprocess.json; everything after that (resize, normalise, softmax) is inside model.onnx.
An image that cannot be read gives a line with "error"; the exit code is 0 only when every image was classified.
"""

import json
import os
import sys
import warnings

import numpy as np
import onnxruntime
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))

IMPLEMENTED = {
    "format": 1,
    "exif_turn": True,
    "grey": "repeat",
    "palette": "expand",
    "alpha": "(colour * alpha + 127) // 255",
    "grey16": "(2 * 255 * (clip(v, low, high) - low) + (high - low)) // (2 * (high - low))",
    "colour16": "high_byte",
    "cmyk": "(255 - ink) * (255 - black) / 255",
    "frame": 0,
}
"""The decoding rules that this file follows; window and max_pixels are taken from preprocess.json."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


def read_json(name):
    """Return the content of a JSON file of this package."""
    with open(os.path.join(HERE, name), encoding="utf-8") as stream:
        return json.load(stream)


def decode(path, preprocess):
    """Return an image file as uint8 RGB, shape (height, width, 3), by the rules of preprocess.json."""
    rules = preprocess["decoding"]
    with Image.open(path, formats=preprocess["formats"]) as image:
        if image.width * image.height > rules["max_pixels"]:
            raise ValueError(
                f"it has {image.width * image.height} pixels, more than the limit of {rules['max_pixels']}"
            )
        image.load()
        turn = TURNS.get(orientation(image))
        if turn is not None:
            image = image.transpose(turn)
        if image.mode == "I" or image.mode.startswith("I;16"):
            return grey16(np.asarray(image), *rules["window"])
        if image.mode in ("F", "LAB", "HSV"):
            raise ValueError(f"it has the colour mode {image.mode}; convert it to 8- or 16-bit grey or RGB")
        if image.has_transparency_data:
            return over_black(image)
        return np.asarray(image.convert("RGB"))


def orientation(image):
    """Return the EXIF orientation, 1 where there is none or it is damaged."""
    try:
        return image.getexif().get(0x0112, 1)
    except Exception:
        return 1


def grey16(levels, low, high):
    """The window from low to high becomes 0 to 255, rounded half up and clipped."""
    above = np.clip(levels.astype(np.int64), low, high) - low
    grey = ((2 * 255 * above + (high - low)) // (2 * (high - low))).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def over_black(image):
    """Colours over black, by their alpha."""
    key = image.info.get("transparency")
    if any(isinstance(level, int) and level > 255 for level in (key if isinstance(key, tuple) else (key,))):
        del image.info["transparency"]  # the transparent colour of a 16-bit image, whose pixels have 8 bits here
    rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
    return ((rgba[:, :, :3] * rgba[:, :, 3:] + 127) // 255).astype(np.uint8)


def walk(paths, suffixes):
    """Yield the images of files and folders, sorted; hidden files and folders are left out."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
            for name in sorted(names):
                if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes:
                    yield os.path.join(folder, name)


class Classifier:
    """The model of this folder, loaded."""

    def __init__(self):
        self.classes = read_json("labels.json")["classes"]
        self.preprocess = read_json("preprocess.json")
        rules = {k: v for k, v in self.preprocess["decoding"].items() if k not in ("window", "max_pixels")}
        if rules != IMPLEMENTED:
            other = sorted(k for k in {**rules, **IMPLEMENTED} if rules.get(k) != IMPLEMENTED.get(k))
            raise SystemExit(
                f"preprocess.json has decoding rules that this demo.py does not follow: {', '.join(other)}"
            )
        Image.MAX_IMAGE_PIXELS = None  # the limit is max_pixels
        model = os.path.join(HERE, "model.onnx")
        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def classify(self, path):
        """Return what is printed for one image."""
        try:
            pixels = decode(path, self.preprocess)
        except Exception as error:
            reason = str(error) or type(error).__name__
            return {"image": path, "prediction": None, "probabilities": None, "error": reason}
        (rows,) = self.session.run(["probabilities"], {"images": np.ascontiguousarray(pixels)[None]})
        probabilities = {name: round(float(p), 7) for name, p in zip(self.classes, rows[0])}  # noqa: B905 - Python 3.9
        return {"image": path, "prediction": self.classes[int(rows[0].argmax())], "probabilities": probabilities}


def check(classifier):
    """Classify the sample images and compare with the answers stored at export. Returns the exit code."""
    wrong = 0
    for sample in read_json("parity.json")["samples"]:
        answer = classifier.classify(os.path.join(HERE, sample["image"]))
        same = answer["prediction"] == sample["prediction"] and all(
            abs(answer["probabilities"][name] - p) <= 1e-3 for name, p in sample["probabilities"].items()
        )
        wrong += not same
        print(f"{'ok    ' if same else 'DIFFER'}  {sample['image']}: {answer['prediction']}")
    print(
        f"This machine answers differently on {wrong} sample images."
        if wrong
        else "This machine gives the same answers."
    )
    return 1 if wrong else 0


def main(arguments):
    """Run the command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    warnings.filterwarnings("ignore", module=r"PIL\.")  # odd metadata of intact images
    classifier = Classifier()
    if arguments == ["--check"]:
        return check(classifier)
    count = failed = 0
    for path in walk(arguments, set(classifier.preprocess["suffixes"])):
        answer = classifier.classify(path)
        count += 1
        failed += "error" in answer
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    if count == 0:
        print(f"There is no image in {', '.join(arguments)}.", file=sys.stderr)
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
