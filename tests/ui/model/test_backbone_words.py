import pytest

from tests.ui.model.rows import backbone
from workbench.ui.model.backbone_words import exports_word, giga, millions, plain, top1


def test_the_name_is_told_without_its_library() -> None:
    assert plain(backbone("timm/resnet50")) == "resnet50"


@pytest.mark.parametrize(
    ("words", "number", "expected"),
    [
        (millions, 3.504, "3.5 M"),
        (millions, 0.83, "830 k"),
        (millions, 1235.4, "1\u202f235 M"),
        (millions, None, "–"),
        (giga, 0.3123, "0.31"),
        (giga, 15.47, "15.5"),
        (giga, 0.0004, "0.0004"),
        (giga, 1643.0, "1\u202f643"),
        (giga, None, "–"),
        (top1, 72.154, "72.2\u202f%"),
        (top1, None, "–"),
    ],
)
def test_numbers_in_words(words: object, number: float | None, expected: str) -> None:
    assert callable(words)
    assert words(number) == expected


def test_why_a_family_does_not_export_is_parted_from_the_answer() -> None:
    assert exports_word(backbone("timm/odd", exports="no: an operator")) == ("no", "an operator")
