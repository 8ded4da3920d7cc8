"""A room's ledger finds whatever was lost, doubled, mixed up or made up."""

import pytest

from bench.load.ledger import Ledger, Receipts, some

ANN, BEN, CYD = 0, 1, 2


def talk() -> Ledger:
    """Ann says messages 1 and 3, Ben says 2; all of it arrives everywhere it should."""
    ann = Receipts(ANN, expected=3, skipped=[1], own=[1, 3])
    ben = Receipts(BEN, expected=4, skipped=[2], own=[2])
    cyd = Receipts(CYD, expected=4)
    return Ledger(room=7, said={1: (ANN, 1), 2: (BEN, 1), 3: (ANN, 2)}, members=[ann, ben, cyd])


def faults(ledger: Ledger) -> str:
    return " ".join(ledger.faults())


def test_nothing_is_wrong_where_everybody_has_what_the_others_said():
    ledger = talk()
    assert faults(ledger) == ""
    assert ledger.outstanding() == 0
    assert ledger.posted() == 3


def test_nothing_is_wrong_in_an_empty_room():
    assert faults(Ledger(room=1, members=[Receipts(ANN)])) == ""


def test_a_message_that_did_not_arrive_is_outstanding_and_then_lost():
    ledger = talk()
    ledger.members[CYD].skipped = [2]
    assert ledger.outstanding() == 1
    assert faults(ledger) == "Room 7: socket 2 never received message 2."


def test_the_last_messages_count_as_lost_too():
    ledger = talk()
    ledger.members[CYD].expected = 2
    assert ledger.outstanding() == 2
    assert faults(ledger) == "Room 7: socket 2 never received message 2 and 1 more."


def test_a_sender_that_hears_itself_is_found():
    ledger = talk()
    ledger.members[BEN].skipped = []
    assert faults(ledger) == "Room 7: socket 1 received its own message 2."


def test_where_senders_hear_themselves_they_must():
    ledger = talk()
    ledger.hears_itself = True
    assert "socket 0 never received message 1 and 1 more" in faults(ledger)
    for member in ledger.members:
        member.expected, member.skipped = 4, []
    assert faults(ledger) == ""


def test_numbers_with_a_gap_are_found():
    ledger = talk()
    ledger.members[ANN].own = [1, 4]
    assert "do not give each number from 1 to 3 once" in faults(ledger)


def test_a_number_given_twice_is_found():
    ledger = talk()
    ledger.members[BEN].own = [1]
    assert "do not give each number from 1 to 3 once" in faults(ledger)


def test_a_message_that_nobody_was_acknowledged_for_is_found():
    ledger = talk()
    ledger.said[9] = (CYD, 1)
    assert "message 9 arrived, but nobody's ack told of it" in faults(ledger)


def test_an_ack_with_the_number_of_another_message_is_found():
    ledger = talk()
    ledger.members[ANN].own, ledger.members[BEN].own = [2, 3], [1]
    assert "the ack of message 1 of socket 0 says seq 2, which is message 1 of socket 1" in faults(ledger)


def test_messages_of_one_sender_in_the_wrong_order_are_found():
    ledger = talk()
    ledger.said[1], ledger.said[3] = (ANN, 2), (ANN, 1)
    assert "message 1 of socket 0 got seq 3, behind its message 2" in faults(ledger)


@pytest.mark.parametrize(("seqs", "text"), [([4], "message 4"), ([4, 5, 9], "message 4 and 2 more")])
def test_some_messages_are_told_by_the_first(seqs, text):
    assert some(seqs) == text
