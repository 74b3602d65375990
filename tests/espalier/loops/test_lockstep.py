"""Generators answered in batches."""

from collections.abc import Generator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from espalier.loops.lockstep import play_all, seed_of


def counts(name: str, turns: int) -> Generator[str, str, list[str]]:
    """Asks so often, and returns what it was told."""
    heard = []
    for turn in range(turns):
        heard.append((yield f"{name}{turn}"))
    return heard


@given(st.lists(st.integers(0, 4), max_size=6))
def test_each_hears_what_it_would_hear_alone_and_as_few_batches_are_asked_as_can_be(turns: list[int]) -> None:
    batches = list[Sequence[str]]()

    def says(asked: Sequence[str], keys: Sequence[tuple[int, int]]) -> list[str]:
        batches.append(asked)
        return [f"{text} by {place}.{turn}" for text, (place, turn) in zip(asked, keys, strict=True)]

    over = list[int]()
    found = play_all([counts("abcdef"[place], each) for place, each in enumerate(turns)], says, tell=over.append)
    assert found == [
        [f"{'abcdef'[place]}{turn} by {place}.{turn}" for turn in range(each)] for place, each in enumerate(turns)
    ]
    assert len(batches) == max(turns, default=0) and over[-1] == len(turns)


def test_an_empty_answer_is_an_answer() -> None:
    assert play_all([counts("a", 2)], lambda asked, keys: [""] * len(asked)) == [["", ""]]


def test_a_seed_is_of_all_its_parts_in_their_order() -> None:
    seeds = [seed_of("a", 1, 2), seed_of("a", 2, 1), seed_of("b", 1, 2), seed_of("a", 1)]
    assert len(set(seeds)) == 4 and seeds[0] == seed_of("a", 1, 2) and all(0 <= seed < 2**48 for seed in seeds)
