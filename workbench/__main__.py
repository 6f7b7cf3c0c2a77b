"""``workbench``: without a verb the window, imported lazily; with one the command line."""

import os
import sys
from pathlib import Path


def main() -> int:
    """Run what the command line asks for. Returns the exit code."""
    words = sys.argv[1:]
    # Torch's threads spin while they wait; where the cores are shared that costs three quarters of the speed.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    from workbench.cli import VERBS, demo_for_window

    if words and words[0] == "demo" and _has_display():
        out = demo_for_window(words)
        if out is not None:
            return _demo(words, out)
    if words and (words[0] in VERBS or words[0] in ("-h", "--help")):
        return _command_line(words)
    if words and not words[0].startswith("-") and not Path(words[0]).exists():
        return _nothing_there(words[0], VERBS)
    if len(words) > 1 or (words and words[0].startswith("-")):
        return _command_line(words)  # argparse says what the words could have been
    from workbench.ui.app import main as window

    return window(words)


def _command_line(words: list[str]) -> int:
    from workbench.cli import main as command_line

    return command_line(words)


def _nothing_there(word: str, verbs: tuple[str, ...]) -> int:
    from workbench.registry import nearest

    told = ", ".join(nearest(word, verbs, 1) or (verb for verb in verbs if verb != "serve"))
    sys.stderr.write(
        f"workbench: '{word}' is neither a folder nor a command; name a folder of images, a project, or {told}.\n"
    )
    return 2


def _demo(words: list[str], out: Path) -> int:
    """Prepare the demo's project in ``out``, then open the window on it, ready to train."""
    code = _command_line([*words, "--prepare-only"])
    if code:
        return code
    from workbench.demo import project_folder
    from workbench.ui.app import main as window

    return window([str(project_folder(out))])


def _has_display() -> bool:
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:  # before a verb, or the window, has begun to listen for it
        code = 130
    raise SystemExit(code)
