"""A pass on sizes holds what torch would hold."""

from training.memory.tape import Tape


def test_what_nobody_refers_to_is_free_and_what_is_kept_is_not() -> None:
    tape = Tape()
    given = tape.new(10)
    wide = tape.op([given], 40, keeps=[given])
    out = tape.op([wide], 5, work=100)
    tape.drop(wide)
    assert (tape.held.total(), tape.peak) == (15, 155)
    tape.backward(out, tape.new(5))
    assert tape.held.total() == 10 + 5 + 10  # what was given, what came out, and the gradient of what was given


def test_gradients_that_meet_are_summed_in_place_only_where_nobody_else_has_the_first() -> None:
    for in_place, most in ((True, 32), (False, 41)):
        tape = Tape(sums_in_place=in_place)
        given = tape.new(10)
        one, other = tape.op([given], 1), tape.op([given], 1)
        out = tape.op([one, other], 1)
        tape.drop(one, other)
        tape.peak = 0
        tape.backward(out, tape.new(1))
        assert tape.peak == most


def test_without_keeping_nothing_is_kept() -> None:
    tape = Tape(keeping=False)
    given = tape.new(10)
    out = tape.op([given], 20, keeps=[given], keeps_out=True)
    tape.drop(given, out)
    assert tape.held.total() == 0
