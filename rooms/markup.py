"""Makes a message's HTML from its text: Markdown without raw HTML, then a second, independent sieve."""

import re
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt

from chatproject.texts import BLANKS, is_visible

# HTML longer than this many times its text was made to be long.
MAX_GROWTH = 10
SHORT = 1_000  # characters of HTML that are never too long

# A list or quote in a list in a quote … needs no more; deeper input is shown as text.
MAX_NESTING = 12

# Words of one line that begin with a letter, so with no mark of a list or heading, and nothing in them that
# Markdown, links or HTML are made of: a dot or colon only ends a word. From \u2600 on they are pictures.
_WORD = (
    r"""[\w,;!?'"()%=+\-\u2013\u2014\u2018\u2019\u201c\u201d\u2026"""
    r"""\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]+[.:]*"""
)
_PLAIN = re.compile(rf"(?=[^\W\d]){_WORD}(?: {_WORD})*")

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_SCHEMES = {"http", "https", "mailto"}

_markdown = (
    MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_NESTING})
    # No tables: their cells multiply, 10,000 characters would become 700,000.
    .enable(["linkify", "strikethrough"])
    # Pictures would be fetched from anywhere: an image becomes the link it is.
    .disable(["image"])
)


def is_plain(body: str) -> bool:
    """Whether a text is its own HTML, which most are: it is rendered in no time."""
    return bool(_PLAIN.fullmatch(body)) and "_" not in body and (body.isascii() or BLANKS.isdisjoint(body))


def render(body: str) -> str:
    """The HTML of a message; its plain text where Markdown would blow it up, or leave nothing to be seen.

    Links open elsewhere and tell nothing of where they were clicked. Takes up to a quarter of a second.
    """
    return f"<p>{body}</p>\n" if is_plain(body) else _rendered(body)


def _rendered(body: str) -> str:
    made = _sieved(body)
    too_long = len(made) > max(SHORT, MAX_GROWTH * len(body))
    return _as_text(body) if too_long or not _shows_something(made) else made


def _sieved(body: str) -> str:
    return nh3.clean(
        _markdown.render(body),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _as_text(body: str) -> str:
    return f"<p>{escape(body, quote=False)}</p>".replace("\n", "<br>\n")


def _shows_something(html: str) -> bool:
    return "<hr" in html or is_visible(unescape(nh3.clean(html, tags=set())))
