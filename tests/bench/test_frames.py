"""WebSocket frames: what a client sends can be read, what is cut is waited for."""

import pytest

from bench.load import frames


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
def test_a_masked_frame_holds_its_payload(length):
    payload = bytes(number % 251 for number in range(length))
    key = b"\x01\x80\x00\xff"
    sent = frames.masked(payload, key)
    # A server's frame has no mask: without that bit the key is the first of the payload.
    plain = bytes((sent[0], sent[1] & 0x7F)) + sent[2:]
    frame = frames.parse(plain, 0)
    assert sent[1] & frames.MASKED
    assert frame and frame.opcode == frames.TEXT and frame.final
    assert plain[frame.start : frame.start + 4] == key
    hidden = plain[frame.start + 4 : frame.end + 4]
    assert bytes(byte ^ key[index % 4] for index, byte in enumerate(hidden)) == payload


@pytest.mark.parametrize("data", [b"", b"\x81", b"\x81\x7e\x01", b"\x81\x7f" + bytes(7)])
def test_a_header_that_is_cut_is_no_frame_yet(data):
    assert frames.parse(data, 0) is None


def test_a_frame_tells_where_it_ends_before_all_of_it_is_there():
    frame = frames.parse(b"xx\x81\x05he", 2)
    assert frame and frame.end == 9
