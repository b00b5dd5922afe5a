"""Times and identifiers of a run that is played again."""

from __future__ import annotations

from ioa.adapters.clock import RecordedClock, SystemClock, seeded_ids


def test_a_recorded_clock_goes_on_from_where_the_run_began():
    clock = RecordedClock(1_000.0)
    first, second = clock.now_s(), clock.now_s()
    assert 1_000.0 <= first <= second < 1_100.0
    assert clock.monotonic_s() <= SystemClock().monotonic_s()


def test_the_same_seed_gives_the_same_identifiers_and_no_two_alike():
    one, again, other = seeded_ids(7), seeded_ids(7), seeded_ids(8)
    made = [one() for _ in range(100)]
    assert made == [again() for _ in range(100)]
    assert len(set(made)) == 100
    assert other() not in made
    assert all(len(identifier) == 32 for identifier in made)
