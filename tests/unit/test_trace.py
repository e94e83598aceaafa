"""The trace of a login: its id, its bounds, and which rule decided."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from identity.domain.trace import (
    ALPHABET,
    ID_LENGTH,
    LONGEST_DURATION,
    LONGEST_STEP,
    MOST_STEPS,
    RANDOM_BYTES,
    Trace,
    begin_trace,
    trace_id,
)

INSTANTS = st.integers(min_value=0, max_value=2**45 - 1)
RANDOM = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(INSTANTS, INSTANTS, RANDOM, RANDOM)
def test_ids_sort_as_their_instants_do(one: int, other: int, random: bytes, more: bytes) -> None:
    first, second = trace_id(one, random), trace_id(other, more)
    assert len(first) == ID_LENGTH
    assert set(first) <= set(ALPHABET)
    if one != other:
        assert (first < second) == (one < other)


def test_ids_of_one_moment_differ_by_their_random_bits() -> None:
    assert trace_id(7, b"\x00" * RANDOM_BYTES) != trace_id(7, b"\x01" * RANDOM_BYTES)


def test_the_last_rule_that_was_named_decided() -> None:
    trace = Trace(lambda: 5)
    assert (trace.rule, trace.decided) == (None, False)
    trace.add("found", rule="3.5 row 10")
    trace.add("blocked", rule="3.5 row 17")
    assert trace.decided
    trace.add("ended")
    assert (trace.rule, trace.decided) == ("3.5 row 17", False)


def test_what_is_kept_counts_milliseconds_from_the_beginning() -> None:
    instants = iter([1_000, 1_003, 1_010])
    trace = begin_trace(lambda: next(instants), lambda count: b"\x00" * count, "complete login")
    trace.add("first")
    kept = trace.ended(200)
    assert (kept.instant, kept.milliseconds, kept.status, kept.door) == (1_000, 10, 200, "complete login")
    assert [(step.instant, step.text) for step in kept.steps] == [(3, "first")]


def test_a_clock_that_jumps_leaves_durations_that_can_be_stored() -> None:
    instants = iter([1_000, 0, 1_000 + 2**40])
    trace = begin_trace(lambda: next(instants), lambda count: b"\x00" * count, "refresh")
    trace.add("backwards")
    kept = trace.ended(200)
    assert (kept.steps[0].instant, kept.milliseconds) == (0, LONGEST_DURATION)


def test_of_many_long_steps_the_first_and_the_last_are_kept_and_their_texts_are_cut() -> None:
    trace = begin_trace(lambda: 1, lambda count: b"\x00" * count, "refresh")
    for number in itertools.islice(itertools.count(), 3 * MOST_STEPS):
        trace.add(f"{number} " + "x" * (2 * LONGEST_STEP))
    kept = trace.ended(401).steps
    assert len(kept) == MOST_STEPS + 1
    assert all(len(step.text) <= LONGEST_STEP for step in kept)
    assert (kept[0].text[:2], kept[-1].text[:4]) == ("0 ", f"{3 * MOST_STEPS - 1} "[:4])
    assert kept[MOST_STEPS // 2].text == f"({2 * MOST_STEPS} steps are left out.)"
