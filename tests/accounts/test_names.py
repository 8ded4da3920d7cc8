import pytest

from accounts.names import NAME_LENGTH, folded, name_fault


@pytest.mark.parametrize(
    "name", ["A", "Gus", "Ann Lee", "Łucja", "李雷", "נועה", "👩‍🔬 Ada", "x" * NAME_LENGTH]
)
def test_ordinary_names_of_all_languages_are_accepted(name):
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u200b\u200d",  # nothing to see
        "x" * (NAME_LENGTH + 1),
        "a\0b",
        "a\nb",
        "a\tb",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "a\u2066b",
        "a\u200fb",
        "a\u061cb",
        "a\ud800b",
    ],
)
def test_names_that_would_mislead_or_break_a_line_are_refused(name):
    assert name_fault(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann", "ANN"),
        ("Ärger", "äRGER"),
        ("straße", "STRASSE"),
        ("Ann", "\uff21\uff4e\uff4e"),
        ("Ann", "An\u200bn"),
        ("Ann Lee", " ann \u00a0 lee "),
        ("é", "e\u0301"),
    ],
)
def test_names_that_look_the_same_are_the_same(one, other):
    assert folded(one) == folded(other)


def test_other_names_stay_other_names():
    assert folded("ann") != folded("anna")
