import pytest

from accounts.names import NAME_LENGTH, folded, mixes_alphabets, name_fault


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


@pytest.mark.parametrize(
    "name",
    [
        "Zoë",
        "Łucja_1",
        "Анна",
        "Анна-7",
        "Ольга 👩",
        "Αλίκη",
        "Ἀθηνᾶ.2",
        "李雷 Lei",
        "はなこ",
        "An 안나",
        "42",
    ],
)
def test_names_of_one_alphabet_are_accepted_with_all_that_goes_with_it(name):
    assert not mixes_alphabets(name)
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "\u0430nna",  # Cyrillic a
        "ANN\u0391",  # Greek Alpha
        "Анн\u0391",
        "Ann (\u041e)",
        "\uff21nn\u0430",  # a wide Latin A
        "\U0001d400nn\u0430",  # a mathematical A
        "\u0585lga",  # Armenian
    ],
    ids=ascii,
)
def test_names_that_mix_alphabets_that_look_alike_are_refused(name):
    assert mixes_alphabets(name)
    assert name_fault(name)
