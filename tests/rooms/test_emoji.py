"""What is one emoji, and what only looks like it could be."""

import pytest

from rooms.emoji import is_emoji, is_same


@pytest.mark.parametrize(
    "text",
    [
        "👍", "👍🏽", "❤", "❤️", "☺️", "©️", "‼️", "1️⃣", "#⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "👩‍💻", "👨🏿‍🚀", "👨‍👩‍👧‍👦",
        "🧑🏻‍❤️‍💋‍🧑🏼", "🫠", "🩷", "🥹", "🫨", "✔️", "⭐", "🀄", "🆗", "🈯",
    ],
)  # fmt: skip
def test_one_emoji(text):
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a", "1", "#", "é", "👍👍", "👍 ", "a👍", "🇩", "🇩🇪🇫", "\ufe0f", "\u200d", "👍\u200d",
        "\u200d👍", "\u20e3",
        "1\ufe0f", "❤️️", "👍\n", "\U000e0067", "→x", "\u202e👍", "漢", "字", "👍\u0301", "\0", "\ud83d", ":)",
    ],
)  # fmt: skip
def test_no_emoji(text):
    assert not is_emoji(text)


def test_every_emoji_that_the_picker_offers_is_one(picker):
    assert len(picker) > 100
    assert [emoji for emoji in picker if not is_emoji(emoji)] == []


@pytest.fixture
def picker(settings):
    source = (settings.BASE_DIR / "rooms" / "static" / "rooms" / "emoji.js").read_text()
    lines = source.split("LINES = `")[1].split("`")[0].splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def test_the_same_picture_asked_for_or_not():
    assert is_same("❤", "❤️")
    assert is_same("🏳‍🌈", "🏳️‍🌈")
    assert not is_same("👍", "👍🏽")
    assert not is_same("❤", "💛")
