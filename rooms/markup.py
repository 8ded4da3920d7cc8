"""Makes a message's HTML from its text: Markdown without raw HTML, then a second, independent sieve."""

import nh3
from markdown_it import MarkdownIt

# A list or quote in a list in a quote … needs no more; deeper input is shown as text.
MAX_NESTING = 12

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_SCHEMES = {"http", "https", "mailto"}

_markdown = (
    MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_NESTING})
    .enable(["linkify", "strikethrough", "table"])
    # Pictures would be fetched from anywhere: an image becomes the link it is.
    .disable(["image"])
)


def render(body: str) -> str:
    """The HTML of a message. Links open elsewhere and tell nothing of where they were clicked."""
    return nh3.clean(
        _markdown.render(body),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
