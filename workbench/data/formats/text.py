"""Text files in whatever encoding they come, and JSON whose faults have a line."""

import codecs
import json
import re
from pathlib import Path
from typing import Any

from workbench.data.formats.records import Malformed, malformed
from workbench.errors import WorkbenchError

LARGEST = 2_000_000_000
"""Bytes: a label file above this is a mistake (a million images with long paths take 100 MB)."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SPACE = re.compile(r"[ \t\r\n]*")


def read_bytes(file: Path, *, most: int | None = None) -> bytes:
    """Return the content of a label file, with ``most`` its whole lines within so many bytes.

    Raises WorkbenchError where it is not there, too large or cannot be read."""
    try:
        if file.is_dir():
            raise WorkbenchError(f"{file} is a folder, but this format is a file; choose the file in it.")
        size = file.stat().st_size
        if size > LARGEST:
            raise WorkbenchError(
                f"The file {file} has {size / 1e9:.1f} GB, which no label file has; choose another one."
            )
        if most is not None and size > most:
            with file.open("rb") as stream:
                start = stream.read(most)
            return start[: start.rfind(b"\n") + 1] or start
        return file.read_bytes()
    except FileNotFoundError:
        raise WorkbenchError(f"The file {file} does not exist; choose a file of labels.") from None
    except OSError as error:
        raise WorkbenchError(
            f"The file {file} cannot be read ({error.strerror}); check it and its permissions."
        ) from error


def read_text(file: Path, *, most: int | None = None) -> tuple[str, str]:
    """Return (text, encoding). UTF-8 unless a byte order mark or the many zero bytes of UTF-16 say otherwise; what is
    not valid UTF-8 is taken for Windows-1252, in which Excel saves.

    Raises WorkbenchError for a file that is no text, naming the line.
    """
    content = read_bytes(file, most=most)
    encoding = _encoding(content)
    try:
        text = content.decode(encoding, "ignore" if most is not None and encoding != "utf-8" else "strict")
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            line = error.object[: error.start].decode(encoding, "ignore").count("\n") + 1
            raise malformed(file, line, f"is no valid {encoding.upper()} text", "save it as UTF-8") from error
        encoding = "windows-1252"
        text = content.decode("cp1252", "replace")
    place = text.find("\0")
    if place >= 0:
        raise malformed(file, text.count("\n", 0, place) + 1, "holds a NUL byte, so it is no text", "save it as UTF-8")
    return text, encoding


def _encoding(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    start = content[:4000]
    odd, even = start[1::2].count(0), start[::2].count(0)
    if odd > max(3, len(start) // 5) and not even:
        return "utf-16-le"
    if even > max(3, len(start) // 5) and not odd:
        return "utf-16-be"
    return "utf-8"


def read_json(file: Path) -> tuple[Any, str]:
    """Return (value, text) of a JSON file. Raises WorkbenchError naming the line where it is no JSON."""
    text, _ = read_text(file)
    return parse_json(text, file), text


def parse_json(text: str, file: Path, *, line: int | None = None) -> Any:
    """Return the value of ``text``; ``line`` is where it stands in ``file`` if it is only one line of it."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise malformed(file, line or error.lineno, f"is no valid JSON ({error.msg}, column {error.colno})") from error
    except RecursionError as error:
        raise malformed(file, line, "is nested too deeply for a label file") from error
    except ValueError as error:  # NaN, or an integer of thousands of digits
        found = re.search(rf"(?<=[\s:,\[]){re.escape(str(error))}(?=[\s,\]}}])", text)
        line = line or (text.count("\n", 0, found.start()) + 1 if found else None)
        raise malformed(file, line, f"holds a number that JSON has not ({str(error)[:80]})") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def line_of(text: str, *path: str | int) -> int:
    """Return the line of ``text`` (sound JSON) on which the value at ``path`` (keys and places) begins, from 1.

    Where the path ends early, the line of the last value that is there.
    """
    place = _skip(text, 0)
    for step in path:
        found = _member(text, place, step) if isinstance(step, str) else _element(text, place, step)
        if found is None:
            break
        place = found
    return text.count("\n", 0, place) + 1


def lines_of(text: str, *path: str | int) -> list[int]:
    """Return the line on which each element of the list at ``path`` begins; empty where there is no list."""
    place = _skip(text, 0)
    for step in path:
        found = _member(text, place, step) if isinstance(step, str) else _element(text, place, step)
        if found is None:
            return []
        place = found
    if text[place] != "[":
        return []
    lines, line, counted = [], 1, 0
    place = _skip(text, place + 1)
    while text[place] != "]":
        line += text.count("\n", counted, place)
        counted = place
        lines.append(line)
        place = _following(text, place)
    return lines


_DECODER = json.JSONDecoder(strict=True)


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _member(text: str, place: int, key: str) -> int | None:
    if text[place] != "{":
        return None
    place = _skip(text, place + 1)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        place = _skip(text, _skip(text, place) + 1)
        if name == key:
            return place
        place = _following(text, place)
    return None


def _element(text: str, place: int, number: int) -> int | None:
    if text[place] != "[":
        return None
    place = _skip(text, place + 1)
    while text[place] != "]":
        if number == 0:
            return place
        number -= 1
        place = _following(text, place)
    return None


def _following(text: str, place: int) -> int:
    """Return where the next member begins, or the bracket that closes."""
    _, place = _DECODER.raw_decode(text, place)
    place = _skip(text, place)
    return _skip(text, place + 1) if text[place] == "," else place


def told_at(file: Path, text: str, path: tuple[str | int, ...], what: str) -> Malformed:
    """Return the refusal that names the line of the value at ``path``."""
    return malformed(file, line_of(text, *path), what)
