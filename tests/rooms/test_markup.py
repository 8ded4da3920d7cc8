"""A message's HTML: Markdown and links, and nothing that could do something."""

import re
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.markup import _PLAIN, _rendered, is_plain, render

PLAIN = "blockquote br del em h1 h2 h3 h4 h5 h6 hr li p pre s strong ul".split()
ALLOWED = {
    **{tag: set() for tag in PLAIN},
    "a": {"href", "title", "rel", "target"},
    "ol": {"start"},
    "code": {"class"},
}
SLOWEST = 2  # seconds of processor time for the longest message


class Parts(HTMLParser):
    """The elements of a piece of HTML, each with its attributes."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.text = ""
        self.other = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.other.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(html):
    parts = Parts(html)
    assert parts.other == []
    for tag, attributes in parts.elements:
        assert tag in ALLOWED, html
        assert attributes.keys() <= ALLOWED[tag], html
        if "href" in attributes:
            assert re.match(r"(https?:|mailto:|[^:]*$|[/?#])", attributes["href"], re.IGNORECASE), html
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert attributes["target"] == "_blank"


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("Hello", "<p>Hello</p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>\n"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>\n'),
        ("```py\n1 < 2\n```", '<pre><code class="language-py">1 &lt; 2\n</code></pre>\n'),
        ("<b>no</b> & <i", "<p>&lt;b&gt;no&lt;/b&gt; &amp; &lt;i</p>\n"),
        ("🎉 日本語", "<p>🎉 日本語</p>\n"),
    ],
)
def test_markdown_becomes_html_and_html_becomes_text(body, html):
    assert render(body) == html


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("https://example.com/a?b=c&d=e", "https://example.com/a?b=c&d=e"),
        ("see example.com, please", "http://example.com"),
        ("[here](https://example.com/)", "https://example.com/"),
        ("<https://example.com/>", "https://example.com/"),
        ("mail me@example.com", "mailto:me@example.com"),
    ],
)
def test_links_open_elsewhere_and_tell_nothing(body, href):
    [link] = [attributes for tag, attributes in Parts(render(body)).elements if tag == "a"]
    assert link == {"href": href, "target": "_blank", "rel": "noopener noreferrer nofollow"}


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)' onclick=alert(1)>x</a>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<style>*{display:none}</style>",
    "<form action=/><input name=x></form>",
    "<template><script>1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<?php 1 ?> <!DOCTYPE x> <![CDATA[x]]>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "<data:text/html;base64,AAAA>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://example.com "a\\" onmouseover=alert(1) \\"")',
    '[x](https://example.com/"onmouseover="alert(1))',
    "![x](https://example.com/pixel.png)",
    "![x](javascript:alert(1))",
    "https://example.com/<script>alert(1)</script>",
    '```"><script>alert(1)</script>\nx\n```',
    "```js onload=alert(1)\nx\n```",
    "`<script>alert(1)</script>`",
    "| <script>a</script> |\n|---|\n| <img src=x onerror=a> |",
    "\u202e<script>alert(1)</script>",
    "<scr\u200bipt>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "<a href='&#x6A;avascript:alert(1)'>x</a>",
]


@pytest.mark.parametrize("body", PAYLOADS)
def test_nothing_that_is_said_can_do_something(body):
    html = render(body)
    assert_harmless(html)
    assert "javascript:" not in "".join(
        str(value).lower() for _, attributes in Parts(html).elements for value in attributes.values()
    )


def test_a_picture_is_not_fetched():
    assert "<img" not in render("![x](https://example.com/pixel.png)")
    assert Parts(render("![x](https://example.com/pixel.png)")).text.strip() in {"!x", "x"}


def test_bidi_controls_and_combining_marks_are_kept():
    for body in ("\u202eabc\u202c", "a\u200bb", "e" + "\u0301" * 50):
        assert Parts(render(body)).text.strip() == body


MARKS = [*"<>='\"()[]!`|*_&;#\\", "</", "<!--", "-->", "---", "**", "~~", "<a href=", " onerror=", "script"]
WORDS = ["javascript:", "https://", "a@b.co", "example.com"]
BREAKS = ["\n", "\n\n", "```\n", "> ", "- ", "1. ", "    ", "\t", "\u202e", "\0"]
fragments = st.sampled_from([*PAYLOADS, *MARKS, *WORDS, *BREAKS])


@settings(max_examples=100, deadline=None, database=None)
@given(st.one_of(st.lists(fragments, max_size=15).map("".join), st.text(max_size=200)))
def test_whatever_is_said_holds_only_allowed_elements(body):
    assert_harmless(render(body))


@settings(max_examples=30, deadline=None, database=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40))
def test_plain_words_are_shown_as_they_are(body):
    assert Parts(render(body)).text.strip() == body


@pytest.mark.parametrize(
    "body",
    [
        ">" * 10_000,
        "> " * 5_000 + "x",
        "- " * 5_000 + "x",
        "[" * 10_000,
        "[" * 5_000 + "]" * 5_000,
        "[x](" * 2_500,
        "![" * 5_000,
        "*a" * 5_000,
        "**a " * 2_500,
        "_a_b" * 2_500,
        "`" * 10_000,
        "".join("`" * n + " " for n in range(1, 140)),
        "<a" * 5_000,
        "&" * 10_000,
        "(" * 10_000,
        "a@" * 5_000,
        "www." * 2_500,
        "http://" * 1_400,
        "a." * 5_000,
        "|" * 10_000,
        "|a" * 5_000 + "\n" + "|-" * 4_000,
        "\n".join(f"{'  ' * n}- x" for n in range(90)),
        "[a]: x\n" * 1_400,
        "~~" * 5_000,
        "e\u0301" * 5_000,
        "x" * 10_000,
    ],
    ids=lambda body: repr(body[:6]),
)  # fmt: skip
def test_the_longest_of_odd_messages_is_rendered_in_short_time(body):
    began = process_time()
    assert_harmless(render(body))
    assert process_time() - began < SLOWEST


def test_deep_nesting_ends_somewhere():
    html = render("> " * 100 + "deep")
    assert html.count("<blockquote>") <= 12
    assert_harmless(html)


BOMBS = {
    "table": "a|" * 1500 + "\n" + "-|" * 1500 + "\n" + "x\n" * 5000,
    "brackets": "[" * 10_000,
    "images": "![" * 5_000,
    "stars": "*a_ " * 2_500,
    "links": "http://" * 1_429,
    "quotes": ">" * 10_000,
    "entities": "<" * 10_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_text_grows_out_of_all_proportion(name):
    body = BOMBS[name][:10_000]
    began = process_time()
    html = render(body)
    assert process_time() - began < SLOWEST
    assert len(html) <= 10 * len(body)


@pytest.mark.parametrize("body", ["[a]: http://example.com", ">", "[x]: y\n[z]: w"])
def test_what_markdown_would_hide_is_shown_as_it_was_written(body):
    assert Parts(render(body)).text.split() == body.split()


# --- Texts that are their own HTML ----------------------------------------------------------------
TROUBLE = [
    "hello", "Größe", "日本", "don't", '"so"', "well-known", "(see", "this)", "50%", "1.", "12)", "3.14",
    "www.", "www.example", "example", "com", "http:", "https:", "mailto:", "ftp:", "x@y", "-", "--", "---",
    "#", "*a*", "_a_", "a_b", "~~a~~", "`a`", "[a]", "<b>", "&amp;", "\\*", "!", "![a]", "...", "…", "“so”",
    "🎉", "❤️", "\u3164", "\u2800", "\u00a0", "\u200b", "\u202e", "Ⅷ", "²", "٣.", "ab.", "//", "and/or",
    "+1", ":)", "e.g.", "\t", "\n", "a.b", "===", ":",
]  # fmt: skip
NOT_PLAIN = [
    "", " a", "a ", "a  b", "a\nb", "a\u00a0b", "1. a", "1) a", "- a", "# a", "> a", "*a*", "a_b", "`a`",
    "a.b", "a@b", "<a", "a&b",
]  # fmt: skip
SENTENCES = [
    "x", "Hello, everybody!", "It's 5 o'clock: time to go...", "Größe 日本語",
    'Is this (really) a well-known 50% thing? "Yes" 🎉',
]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(TROUBLE)).map(" ".join), st.text(), st.from_regex(_PLAIN)))
@settings(max_examples=1_000, deadline=None)
def test_a_plain_text_is_rendered_as_any_other_would_be(body):
    if is_plain(body):
        assert render(body) == _rendered(body)


@pytest.mark.parametrize("body", SENTENCES)
def test_what_most_people_write_is_plain(body):
    assert is_plain(body)


@pytest.mark.parametrize("body", NOT_PLAIN, ids=repr)
def test_what_means_something_to_markdown_is_not_plain(body):
    assert not is_plain(body)
