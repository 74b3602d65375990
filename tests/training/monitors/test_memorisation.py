import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from data_mix.packing.pack import Pack
from espalier.generation.generate import generate
from espalier.signals.records import Severity
from tests import tiny
from tests.training.monitors.looks import RENDERER, Recalling, Remembered, config, look, packs, watch
from training.batches import Order
from training.monitors.excerpts import drawn, matched
from training.monitors.memorisation import MONITOR, MemorisationSettings

WORDS = ["market", "house", "cake", "went", "saw", "ate", "Sophie", "Anna", "the", "you", "says"]


def text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=40))


def split(folder: Path, *, alike: str = "", own: int = 80) -> dict[str, Pack]:
    """Rows of random words, which nobody can foresee, behind what all rows have in common."""
    chance = random.Random(0)
    made = [[tiny.text_row(n, f"{alike}{text(chance)}") for n in range(begin, begin + own)] for begin in (0, 1000)]
    return packs(folder, *made, seq_len=128)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pack]:
    return split(tmp_path_factory.mktemp("mix") / "m")


def rows_of(pack: Pack) -> list[list[int]]:
    """The tokens of each row."""
    found = []
    for sequence in range(len(pack)):
        for row in np.unique(pack.rows[sequence]):
            places = np.flatnonzero(pack.rows[sequence] == row)
            if row >= 0:
                found.append([*pack.inputs[sequence, places].tolist(), int(pack.labels[sequence, places[-1]])])
    return found


@pytest.fixture(scope="module")
def by_heart(mix: dict[str, Pack]) -> Recalling:
    return Recalling(rows_of(mix["train"]))


def looked(models: list[Any], mix: dict[str, Pack], **settings: Any) -> list[dict[str, Any]]:
    monitor = MONITOR.made(config(steps=400), MemorisationSettings(**settings))
    return watch(monitor, "memorisation", [{"model": model, "packs": mix} for model in models])


def test_a_model_that_knows_its_rows_by_heart_is_high_at_once_and_then_a_warning(
    mix: dict[str, Pack], by_heart: Recalling
) -> None:
    found = looked([tiny.model(), tiny.model(), by_heart, by_heart], mix)
    assert [each.get("recited") and each["recited"].severity for each in found] == [
        None,
        None,
        Severity.HIGH,
        Severity.WARN,
    ]
    rows = found[2]["recited"].evidence["rows"]
    assert rows[0]["source"] == "test" and rows[0]["row"] in mix["train"].row_ids
    assert rows[0]["row"] not in mix["valid"].row_ids and len(rows[0]["continued"]) > 4


def test_what_everybody_could_foresee_is_not_learned_by_heart(tmp_path: Path) -> None:
    alike = "You went to the market. Sophie ate the cake. Anna saw a house. I went to the market. Sophie says: I ate. "
    mix = split(tmp_path / "m", alike=alike)
    _, _, last = looked([tiny.model(), tiny.model(), Recalling(rows_of(mix["train"]))], mix, tokens=8)
    assert last["train_found"].value == last["train_of"].value > 10
    assert last["held_found"].value == last["held_of"].value
    assert last["recited"].severity is None


def test_a_few_rows_by_heart_among_many_are_not_beyond_chance(mix: dict[str, Pack]) -> None:
    some = Recalling(rows_of(mix["train"])[:4])
    found = looked([tiny.model(), some, some], mix)
    assert all(each["recited"].severity is None for each in found[1:])


def test_a_part_of_the_rows_by_heart_is_found_over_looks(mix: dict[str, Pack]) -> None:
    half = Recalling(rows_of(mix["train"])[::2])
    found = looked([tiny.model(), half, half, half], mix)
    assert any(each["recited"].severity for each in found[1:])


def test_it_is_no_alarm_where_the_held_out_rows_are_recited_as_much(mix: dict[str, Pack]) -> None:
    both = Recalling([*rows_of(mix["train"]), *rows_of(mix["valid"])])
    found = looked([tiny.model(), both, both], mix)
    assert [each["recited"].value for each in found[1:]] == [1.0, 1.0]
    assert [each["recited"].severity for each in found[1:]] == [None, None]


def test_recited_is_what_greedy_writing_gives(mix: dict[str, Pack]) -> None:
    model = tiny.trained_a_little(tiny.model())
    history = Remembered()
    seen = list(MONITOR.made(config(), MemorisationSettings(tokens=2)).look(look(9, history, model=model, packs=mix)))
    assert {signal.name for signal in seen} >= {"recited", "chance", "train_found", "held_of"}
    rows = rows_of(mix["train"])
    known = Recalling(rows[:1])
    given = RENDERER.decode(rows[0][1:17])
    state = torch.get_rng_state()
    with pytest.raises(TypeError):  # it has no cache of keys and values, so it is asked step by step
        generate(known, RENDERER, [given], max_new_tokens=4)
    ids = rows[0][:17]
    for token in rows[0][17:33]:
        assert int(known(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()) == token
        ids.append(token)
    assert torch.equal(state, torch.get_rng_state())


def test_only_rows_that_were_trained_on_are_asked(mix: dict[str, Pack], by_heart: Recalling) -> None:
    facts = {"packs": mix, "model": by_heart, "config": config(steps=10, micro_batch_size=1)}
    monitor, history = MONITOR.made(config(), MemorisationSettings(odds=1.0)), Remembered()
    for step in (0, 10):
        signals = list(monitor.look(look(step, history, **facts)))
        history.signals += [(step, f"memorisation.{signal.name}", signal) for signal in signals]
    [recited] = [signal for signal in signals if signal.name == "recited"]
    trained = mix["train"].ids_of(Order(len(mix["train"]), 0).take(0, 10))
    assert len(trained) < len(mix["train"].row_ids)
    assert {row["row"] for row in recited.evidence["rows"]} <= set(trained)


def test_without_held_out_rows_it_says_once_that_it_cannot_judge(mix: dict[str, Pack], by_heart: Recalling) -> None:
    first, second = looked([by_heart, by_heart], {"train": mix["train"]})
    assert "no held-out rows" in first["judged"].said and first["judged"].severity == Severity.NOTE
    assert "judged" not in second and "recited" not in second


def test_excerpts_are_of_rows_long_enough_and_matched_in_source_and_length(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    texts = random.Random(1)
    rows = [tiny.text_row(n, text(texts), source="a" if n % 2 else "b") for n in range(20)]
    mix = packs(tmp_path / "m", [*rows, tiny.text_row(99, "I went.")], rows[:4], seq_len=128)
    found = drawn(mix["train"], list(range(len(mix["train"]))) * 40, 16, 8, chance)
    assert len({each.row for each in found}) == len(found) == 20
    assert all(len(each.given) == 17 - 1 and len(each.goes_on) == 8 for each in found)
    of_a = [each for each in found if each.source == "a"]
    one, other = matched(found, of_a[:3])
    assert len(one) == len(other) == 3 and {each.source for each in one} == {"a"}
