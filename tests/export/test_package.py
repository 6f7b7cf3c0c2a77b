from workbench.export.package import choose_samples, slug


def test_samples_take_turns_between_the_classes():
    assert choose_samples([0, 0, 0, 1, 2, 2], 3, limit=5) == [0, 3, 4, 1, 5]
    assert choose_samples([1, 1], 3) == [0, 1]
    assert len(choose_samples(list(range(40)), 40)) == 12


def test_class_names_become_file_names():
    assert slug("rot, kräftig") == "rot_kraftig"
    assert slug("../../etc") == "etc"
    assert slug("划痕") == "class"
    assert len(slug("x" * 200)) == 40
