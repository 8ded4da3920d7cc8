"""Percentiles, clocks, and what the load says."""

import math

import pytest

from bench.load import words
from bench.load.dialects import number_after
from bench.load.faults import Fault
from bench.measures import percentile
from bench.usage import seconds


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)]
)
def test_a_percentile_is_the_value_that_this_share_does_not_exceed(share, value):
    assert percentile(list(range(100, 0, -1)), share) == value


def test_one_value_is_every_percentile():
    assert percentile([3.5], 0.5) == percentile([3.5], 0.99) == 3.5


def test_no_values_have_no_percentile():
    assert math.isnan(percentile([], 0.5))


@pytest.mark.parametrize(("clock", "value"), [("0:01.50", 1.5), ("1:02.34", 62.34), ("01:00:02", 3602)])
def test_a_clock_is_read(clock, value):
    assert seconds(clock) == pytest.approx(value)


def test_all_messages_have_one_length_and_tell_whose_they_are():
    for sender, count in [(0, 1), (499, 123_456)]:
        payload = words.post(3, sender, count)
        assert words.said(payload) == (sender, count)
        assert len(words.body(sender, count)) == words.LENGTH


def test_messages_of_others_are_not_taken_for_the_loads():
    with pytest.raises(Fault):
        words.said(b'{"body":"hello there"}')


def test_a_number_that_is_not_there_is_a_fault():
    assert number_after(b'{"seq":12,', b'"seq":') == 12
    for packet in (b"{}", b'{"seq":null}'):
        with pytest.raises(Fault):
            number_after(packet, b'"seq":')
