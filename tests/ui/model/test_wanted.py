from workbench.ui.model.wanted import Wanted


def test_words_are_parted_and_lowered_and_the_rest_stays() -> None:
    wanted = Wanted(family="resnet").with_text("ResNet  50 ")
    assert wanted == Wanted(("resnet", "50"), family="resnet")
