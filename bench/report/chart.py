"""The chart: horizontal bars, one group for each workload, one bar for each server; as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 760
LABELS = 190  # width of the servers' names
BARS = 440  # length of the longest bar
BAR, GAP = 18, 6  # heights
HEADING = 34
MARGIN = 16

# Colours that are told apart on white and on black; the text follows the reader's scheme.
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .heading { font-weight: 600 }
  .ours { fill: #0a7f5c }
  .peer { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .ours { fill: #2fbf8f }
    .peer { fill: #6e7681 }
  }
"""


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    ours: bool = False


@dataclass(frozen=True)
class Group:
    """Bars that share a scale."""

    heading: str
    bars: Sequence[Bar]


def chart(title: str, groups: Sequence[Group]) -> str:
    """The SVG document. Each group has its own scale; the numbers stand beside the bars."""
    parts: list[str] = []
    top = MARGIN
    for group in groups:
        parts += _group(group, top)
        top += HEADING + len(group.bars) * (BAR + GAP)
    height = top + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def _group(group: Group, top: int) -> list[str]:
    longest = max((bar.value for bar in group.bars), default=0) or 1
    parts = [f'<text class="heading" x="{MARGIN}" y="{top + 20}">{escape(group.heading)}</text>']
    for index, bar in enumerate(group.bars):
        parts += _bar(bar, top + HEADING + index * (BAR + GAP), longest)
    return parts


def _bar(bar: Bar, top: int, longest: float) -> list[str]:
    length = max(1.0, BARS * bar.value / longest)
    start, baseline, colour = MARGIN + LABELS, top + BAR - 5, "ours" if bar.ours else "peer"
    return [
        f'<text x="{start - 8}" y="{baseline}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect class="{colour}" x="{start}" y="{top}" width="{length:.1f}" height="{BAR}" rx="3"/>',
        f'<text x="{start + length + 6:.1f}" y="{baseline}">{bar.value:,.0f}</text>',
    ]
