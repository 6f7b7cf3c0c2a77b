"""Classify images with the model in this folder. Needs onnxruntime, numpy and pillow; pydicom too for DICOM files.

    python demo.py IMAGE_OR_FOLDER...     one JSON line per image: image, prediction, probabilities
    python demo.py --check                classify the sample images and compare with the answers stored at export

Images are decoded by the rules in preprocess.json; everything after that (resize, normalise, softmax) is inside model.onnx.
An image that cannot be read gives a line with "error"; the exit code is 0 only when every image was classified.
"""

import json
import os
import re
import sys
import warnings

import numpy as np
import onnxruntime
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))

IMPLEMENTED = {
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

FORMATS = (1, 2)
"""Of the rules; from the second on the window may name negative levels, as DICOM has them."""

MOST_PAGES = 20_000
"""Further pages of a file are left out."""

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
    """Return an image as uint8 RGB, shape (height, width, 3), by the rules of preprocess.json."""
    rules = preprocess["decoding"]
    name, page = split_page(path)
    if is_dicom(name):
        return decode_dicom(name, page, rules)
    # Opened as a stream: from a path pillow maps plain grey TIFF into memory, and forgets to turn it.
    with open(name, "rb") as stream, Image.open(stream, formats=preprocess["formats"]) as image:
        if page > 1:
            if image.format != "TIFF" or page > MOST_PAGES:
                raise ValueError(f"there is no page {page}")
            image.seek(page - 1)
        check_size(image.width, image.height, rules)
        image.load()
        turn = TURNS.get(orientation(image))
        if turn is not None:
            image = image.transpose(turn)
        if image.mode == "I" or image.mode.startswith("I;16"):
            return repeated(windowed(np.asarray(image), *rules["window"]))
        if image.mode in ("F", "LAB", "HSV"):
            raise ValueError(f"it has the colour mode {image.mode}; convert it to 8- or 16-bit grey or RGB")
        if image.has_transparency_data:
            return over_black(image)
        return np.asarray(image.convert("RGB"))


def split_page(path):
    """Return the file of an image and its page: stack.tif#page=2 is the second page of stack.tif."""
    found = re.fullmatch(r"(?s)(.*\.(?:tiff?|dcm))#page=([1-9][0-9]{0,8})", path, re.IGNORECASE)
    return (found[1], int(found[2])) if found and not os.path.lexists(path) else (path, 1)


def pages(path):
    """Return the paths of the images in a file: of a stack each page, of any other file the file itself."""
    numbers = [1]
    try:
        if is_dicom(path):
            numbers = range(1, int(read_dicom(path).get("NumberOfFrames") or 1) + 1)
        elif path.lower().endswith((".tif", ".tiff")):
            with Image.open(path, formats=["TIFF"]) as image:
                for page in range(2, MOST_PAGES + 1):
                    image.seek(page - 1)
                    if not image.tag_v2.get(254, 0) & 0b101:  # neither a smaller copy of a page nor its mask
                        numbers.append(page)
    except Exception:  # the end of the pages; or whatever is wrong, which decoding the first page tells
        pass
    return [path if page == 1 else f"{path}#page={page}" for page in numbers]


def check_size(width, height, rules):
    """Refuse what has too many pixels before it is decoded."""
    if width * height > rules["max_pixels"]:
        raise ValueError(f"it has {width * height} pixels, more than the limit of {rules['max_pixels']}")


def is_dicom(path):
    """Tell whether the file begins as DICOM does."""
    with open(path, "rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def read_dicom(path):
    """Return pydicom's data set."""
    try:
        import pydicom
    except ImportError:
        raise ValueError("it is a DICOM file, for which pydicom is missing: pip install pydicom") from None
    with open(path, "rb") as stream:
        if b"1.2.840.10008.1.2.1.99" in stream.read(4096):
            raise ValueError("it is a deflated DICOM file; store it without deflating")
    found = pydicom.dcmread(path)
    if not 1 <= int(found.get("NumberOfFrames") or 1) <= MOST_PAGES:
        raise ValueError(f"it says it has {found.NumberOfFrames} frames")
    return found


def decode_dicom(path, page, rules):
    """Return a frame of a DICOM file, grey by its rescale and the window of preprocess.json."""
    found = read_dicom(path)
    from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

    check_size(found.Columns, found.Rows, rules)
    if page > int(found.get("NumberOfFrames") or 1):
        raise ValueError(f"there is no frame {page}")
    stored, kind, bits = pixel_array(found, index=page - 1), found.PhotometricInterpretation, found.BitsStored
    if kind not in ("MONOCHROME1", "MONOCHROME2"):
        if kind == "PALETTE COLOR":
            stored = apply_color_lut(stored, found)
            bits = 16 if stored.dtype == np.uint16 else 8
        return np.ascontiguousarray((stored >> max(0, bits - 8)).astype(np.uint8))
    signed = found.get("PixelRepresentation", 0) == 1
    slope, intercept = rescale(found, page)
    if bits <= 8 and not signed and (slope, intercept) == (1, 0) and "ModalityLUTSequence" not in found:
        white = (1 << bits) - 1
        grey = (np.minimum(stored, white).astype(np.uint16) * 255 // white).astype(np.uint8)
        return repeated(255 - grey if kind == "MONOCHROME1" else grey)
    levels = stored.astype(np.int64)
    if kind == "MONOCHROME1":
        levels = (-1 if signed else (1 << bits) - 1) - levels
    if "ModalityLUTSequence" in found:
        levels = apply_modality_lut(levels.astype(np.int32), found).astype(np.int64)
    elif (slope, intercept) != (1, 0):
        levels = np.floor(levels * slope + intercept + 0.5)
    return repeated(windowed(levels, *rules["window"]))


def rescale(found, page):
    """Return (slope, intercept) of a frame: an enhanced file names them for each frame, or for all."""
    own, shared = found.get("PerFrameFunctionalGroupsSequence"), found.get("SharedFunctionalGroupsSequence")
    source = found
    for group in (shared[:1] if shared else []) + (own[page - 1 : page] if own else []):
        inner = group.get("PixelValueTransformationSequence")
        source = inner[0] if inner else source
    slope, intercept = source.get("RescaleSlope"), source.get("RescaleIntercept")
    return (1.0 if slope is None else float(slope)), (0.0 if intercept is None else float(intercept))


def orientation(image):
    """Return the EXIF orientation, 1 where there is none or it is damaged."""
    try:
        return image.getexif().get(0x0112, 1)
    except Exception:
        return 1


def windowed(levels, low, high):
    """The window from low to high becomes 0 to 255, rounded half up and clipped."""
    above = np.clip(levels, low, high).astype(np.int64) - low
    return ((2 * 255 * above + (high - low)) // (2 * (high - low))).astype(np.uint8)


def repeated(grey):
    """The same level in each colour."""
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
            yield from pages(path)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
            for name in sorted(names):
                if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes:
                    yield from pages(os.path.join(folder, name))


class Classifier:
    """The model of this folder, loaded."""

    def __init__(self):
        self.classes = read_json("labels.json")["classes"]
        self.preprocess = read_json("preprocess.json")
        rules = {k: v for k, v in self.preprocess["decoding"].items() if k not in ("window", "max_pixels")}
        if rules.pop("format", 1) not in FORMATS:
            raise SystemExit(
                "preprocess.json has decoding rules that this demo.py does not follow: its format is newer"
            )
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
