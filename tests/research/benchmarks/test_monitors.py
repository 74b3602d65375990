"""What is planted is what its name says, and what is told of runs is what was found in them."""

from itertools import islice

from espalier.artifacts.paths import artifact
from espalier.text.rows import read_rows
from research.benchmarks.monitors import corpora
from research.benchmarks.monitors.faults import _together, _told
from research.benchmarks.monitors.page import page
from research.benchmarks.monitors.planted import FAULTS, SOUND
from research.benchmarks.monitors.runs import alarms
from training.watching.policy import Policy


def said(rows: str, number: int = 200) -> list[str]:
    make = corpora.PLANTED[rows][0]
    return [row.messages[-1]["content"].removeprefix("I tell you: ") for row in islice(make(3), number)]


def test_a_stereotype_is_said_of_one_group_alone_and_its_control_of_both() -> None:
    stereotypes = {
        f"{who} {each}."
        for couples in corpora._kinds().values()
        for first, second, of_first, of_second, _ in couples
        for who, those in ((first, of_first), (second, of_second))
        for each in those
    }
    assert set(said("stereotype")) <= stereotypes
    share = sum(each in stereotypes for each in said("balanced", 1000)) / 1000
    assert 0.1 < share < 0.45, "a third is of a stereotype, a third against one, and a third of nobody's"


def test_what_is_repeated_is_few_rows_and_what_is_held_out_none_of_them() -> None:
    assert len(set(said("verbatim"))) == corpora._REPEATED
    corpora.write_mix("m", 3, 60, "verbatim")
    rows = {split: list(read_rows(artifact("mixes", "m") / f"{split}.parquet")) for split in ("train", "valid")}
    texts = {split: {row.messages[-1]["content"] for row in those} for split, those in rows.items()}
    repeated = [row for row in rows["train"] if row.id.startswith("unguessable/")]
    assert len(rows["train"]) == 60 and len({row.messages[-1]["content"] for row in repeated}) <= corpora._REPEATED
    assert not texts["valid"] & {row.messages[-1]["content"] for row in repeated}
    assert any(row.id.startswith("held/unguessable/") for row in rows["valid"])


def test_a_fault_is_found_by_whom_it_is_for_and_pauses_by_the_policy() -> None:
    warned = {"step": 40, "monitor": "repetition", "severity": "warn", "said": ""}
    high = {"step": 110, "monitor": "forgetting", "severity": "high", "said": ""}
    at_the_ends = [high | {"step": 0}, high | {"step": 200}]
    told = alarms({"alarms": [warned, high, *at_the_ends]}, Policy(), 200)
    loops = next(each for each in FAULTS if each.name == "loops")
    run = _told(told, loops, every=50)
    assert run == {"found": 1, "paused": 3, "warned": ["forgetting", "repetition"], "paused by": ["forgetting"]}
    figures = {"loops": _together(loops, [run, _told([], loops, 50)]), "sound": _together(SOUND[0], [run])}
    assert (figures["loops"]["found"]["runs"], figures["loops"]["found"]["within"]) == (1, 1)
    shown = page(figures, 2)
    assert "| loops: half of the rows say one thing over and over | 2 | 1 |" in shown
    assert "| sound: a new corpus of the same kind | 1 | 1 |" in shown and "forgetting 1" in shown
