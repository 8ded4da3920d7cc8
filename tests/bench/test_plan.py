"""Who is measured when."""

from collections import Counter

from bench.plan import FANOUT_100, FANOUT_500, ROOMS_1, STORED_FEW, STORED_MANY, plan
from bench.runner import schedule
from bench.servers import ALL, CHANNELS, NODE, OURS, UWEBSOCKETS


def turns(workload, **options):
    chosen = plan(**options)
    return [one.contender for one in schedule(chosen, [workload], ALL)]


def test_ours_and_its_rivals_take_turns_and_the_others_are_measured_once():
    order = turns(FANOUT_500, quick=False)
    count = Counter(one.key for one in order)
    assert count[OURS.key] == count[NODE.key] == count[UWEBSOCKETS.key] == 3
    assert count[CHANNELS.key] == 1
    assert order[-3:] == [OURS, NODE, UWEBSOCKETS]


def test_only_our_server_keeps_what_was_said_to_be_read_later():
    assert set(turns(STORED_MANY, quick=False)) == {OURS}


def test_a_quick_run_has_one_round_and_leaves_out_what_takes_long():
    assert turns(ROOMS_1, quick=True) == [OURS, NODE]
    assert CHANNELS in turns(FANOUT_100, quick=True)
    assert CHANNELS not in turns(FANOUT_500, quick=True)


def test_few_and_many_stored_messages_take_turns():
    order = schedule(plan(quick=False), [STORED_FEW, STORED_MANY], ALL)
    assert [one.workload for one in order] == [STORED_FEW, STORED_MANY] * 3


def test_the_rounds_can_be_chosen():
    assert len(turns(ROOMS_1, quick=True, rounds=5)) == 10
