import pytest

from workbench.errors import WorkbenchError
from workbench.models.class_names import answers

PUBLISHED = ["ant, emmet, pismire", "bee", "tiger beetle", "leaf beetle", "crane", "bus", "crane", "bear cat", "fly"]


def test_names_are_found_in_any_case_by_synonym_and_plural() -> None:
    found = answers(["Emmets", "BEES", "Bear_Cat", "flies", "bus"], PUBLISHED)
    assert found == [[0], [1], [7], [8], [5]]


def test_every_class_of_that_name_answers() -> None:
    assert answers(["crane", "ants"], PUBLISHED) == [[4, 6], [0]]


def test_a_word_within_a_name_is_no_answer_but_is_named() -> None:
    wanted = (
        r"None of the 9 classes .* is called 'beetles'; .*'tiger beetle', 'leaf beetle'.*beetles = \[\"tiger beetle\"\]"
    )
    with pytest.raises(WorkbenchError, match=wanted):
        answers(["beetles", "bee"], PUBLISHED)


def test_what_was_chosen_answers_in_place_of_the_name() -> None:
    chosen = {"beetles": ["Tiger Beetle", "leaf beetle"], "crane": ["bus"]}
    assert answers(["crane", "beetles"], PUBLISHED, chosen) == [[5], [2, 3]]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"beetles": ["tiger beetel"]}, r"no class 'tiger beetel'.*did you mean 'tiger beetle'"),
        ({"wasps": ["bee"]}, r"project has no class 'wasps'.*it has beetles, bee"),
        ({"beetles": []}, r"No class of the classifier is chosen to answer for 'beetles'"),
        ({"beetles": ["bee"]}, r"'bee' of the classifier would answer for both 'beetles' and 'bee'"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_in_a_sentence(chosen: dict[str, list[str]], said: str) -> None:
    with pytest.raises(WorkbenchError, match=said):
        answers(["beetles", "bee"], PUBLISHED, chosen)


def test_the_advice_in_the_sentence_is_a_setting_that_works() -> None:
    from workbench.training.config import AsIs, TrainConfig

    with pytest.raises(WorkbenchError) as refused:
        answers(["my beetle", "bee"], PUBLISHED)
    setting = str(refused.value).partition("(")[2].rpartition(")")[0]
    method = TrainConfig().with_settings([setting]).method
    assert isinstance(method, AsIs)
    assert method.classes["my beetle"][0] in PUBLISHED
