import re
from dataclasses import asdict

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from workbench import resources
from workbench.ui import theme
from workbench.ui.theme import DARK, LIGHT, Tokens

GROUNDS = ("background", "surface", "raised", "selected", "hover", "field")
TEXTS = ("text", "secondary", "accent", "green", "amber", "red")


def test_contrast_follows_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_colour_reads_on_every_ground(tokens: Tokens, ground: str, text: str) -> None:
    if (text, ground) == ("accent", "hover"):
        pytest.skip("links are underlined under the pointer and keep their ground")
    assert theme.contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_text_on_the_accent_reads(tokens: Tokens) -> None:
    assert theme.contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert theme.contrast(tokens.on_accent, tokens.accent_hover) >= 4.5


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_what_is_chosen_of_a_few_reads_and_stands_out(tokens: Tokens) -> None:
    assert theme.contrast(tokens.text, tokens.thumb) >= 4.5
    assert theme.contrast(tokens.secondary, tokens.track) >= 4.5
    lighter = [theme.contrast(ground, "#000000") for ground in (tokens.thumb, tokens.track)]
    assert lighter[0] > 1.1 * lighter[1]


def test_tokens_are_those_of_the_design() -> None:
    assert (DARK.background, DARK.surface, DARK.raised, DARK.line) == ("#16181c", "#1d2025", "#262a31", "#323741")
    assert (DARK.text, DARK.secondary, DARK.accent) == ("#e7e9ee", "#9aa3b2", "#4c8dff")
    assert (LIGHT.background, LIGHT.surface, LIGHT.raised, LIGHT.line) == ("#f6f7f9", "#ffffff", "#ffffff", "#dfe3ea")
    assert (LIGHT.text, LIGHT.secondary, LIGHT.accent) == ("#1a1d23", "#5d6675", "#2667e0")


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_the_style_sheet_leaves_no_name_unreplaced_and_no_picture_missing(tokens: Tokens) -> None:
    sheet = theme.style_sheet(tokens)
    assert "@" not in sheet.split("*/", 1)[1]
    pictures = set(re.findall(r'url\("(.+?)"\)', sheet))
    assert pictures
    assert all(resources.path("style", picture.rsplit("/", 1)[1]).is_file() for picture in pictures)


def test_the_theme_can_be_switched_while_running(qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    assert not theme.is_dark()
    assert qapp.palette().window().color() == QColor(LIGHT.background)
    theme.apply(qapp, "dark")
    assert theme.is_dark()
    assert theme.mode(qapp) == "dark"
    assert theme.colour("text").name() == DARK.text
    assert qapp.font().pixelSize() == 13


def test_readable_on_takes_the_better_of_black_and_white() -> None:
    assert theme.readable_on(QColor("#000000")).name() == "#ffffff"
    assert theme.readable_on(QColor("#f0e442")).name() == "#000000"


def test_every_token_is_a_colour() -> None:
    assert all(QColor(value).isValid() for tokens in (DARK, LIGHT) for value in asdict(tokens).values())
