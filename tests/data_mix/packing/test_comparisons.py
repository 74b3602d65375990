import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_mix.packing.pack import Pack, open_packs
from data_mix.packing.rendering import left_out
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row, write_rows
from tests import tiny
from tests.espalier.text import templates

RENDERER = tiny.renderer()
WORDS = ("I", "went", "to", "market", "you", "saw", "a", "house")
SAID = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


def row(number: int, asked: Sequence[str], chosen: str | None, rejected: str | None, **facts: Any) -> Row:
    """`asked` are the turns of the prompt, the learner's first."""
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": content} for at, content in enumerate(asked)]
    replies = {
        name: None if said is None else [{"role": "assistant", "content": said}]
        for name, said in (("chosen", chosen), ("rejected", rejected))
    }
    facts = {"source": "test", "split": "train"} | facts
    return Row(id=f"p-{number}", messages=messages, **replies, **facts)


def rated(number: int, asked: str, said: str, **ratings: Any) -> Row:
    return row(number, [asked], None, said, meta={"ratings": ratings})


def mix(folder: Path, train: list[Row], valid: list[Row] = []) -> Path:  # noqa: B006
    (folder / "preferences").mkdir(parents=True)
    write_rows(folder / "train.parquet", [tiny.text_row(1, "I went.")])
    write_rows(folder / "preferences" / "train.parquet", train)
    if valid:
        write_rows(folder / "preferences" / "valid.parquet", valid)
    records.write_manifest(folder, {"kind": "mix"})
    return folder


def packed(folder: Path, renderer: ChatRenderer = RENDERER, seq_len: int = 64, **more: Any) -> tuple[Pack, Any]:
    packs, manifest, _ = open_packs(
        folder, renderer, seq_len=seq_len, rows="preference", long_rows=more.pop("long_rows", "split"), **more
    )
    return packs["train"], manifest["splits"]["train"]


@cache
def family(name: str) -> ChatRenderer:
    return RENDERER if name == "own" else ChatRenderer(templates.tokenizer(), templates.FAMILIES[name])


def replies_of(pack: Pack) -> dict[int, tuple[int, list[int], list[bool]]]:
    """By row number: its sequence, its ids, and which of them are trained."""
    found = {}
    for number in range(len(pack.row_group)):
        sequence, places = np.nonzero(pack.rows == number)
        assert len(set(sequence)) == 1 and (np.diff(places) == 1).all()
        here = sequence[0], places
        ids = [int(pack.inputs[here][0]), *pack.labels[here].tolist()]
        found[number] = int(sequence[0]), ids, [False, *(pack.turn_weights[here] > 0).tolist()]
    return found


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.lists(SAID, min_size=1, max_size=3), SAID, SAID), min_size=1, max_size=8),
    st.sampled_from(["own", *templates.FAMILIES]),
)
def test_a_pair_lies_together_and_each_reply_behind_what_inference_puts_before_it(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[list[str], str, str]], name: str
) -> None:
    renderer = family(name)
    rows = [
        row(number, asked[: len(asked) - (len(asked) + 1) % 2], better, f"{worse} no")
        for number, (asked, better, worse) in enumerate(pairs)
    ]
    pack, counts = packed(mix(tmp_path_factory.mktemp("mixes") / "m", rows), renderer, seq_len=500)
    found, expected = replies_of(pack), {each.id: each for each in rows}
    by_group: dict[int, list[int]] = {}
    for number, (_, ids, trained) in found.items():
        by_group.setdefault(int(pack.row_group[number]), []).append(number)
        origin = expected[pack.row_ids[number]]
        prompt = renderer.prompt(origin.messages)
        assert ids[: len(prompt)] == prompt and not any(trained[: len(prompt)])
        assert all(trained[len(prompt) :])
        reply = origin.chosen if pack.row_targets[number, 0] == 1 else origin.rejected
        assert reply is not None and reply[0]["content"] in renderer.decode(ids[len(prompt) :])
        assert ids[-1] in renderer.stop_ids
    for members in by_group.values():
        assert [pack.row_targets[member, 0] for member in members] == [1, 0]
        assert len({found[member][0] for member in members}) == 1
        assert len({pack.row_ids[member] for member in members}) == 1
    assert (counts["groups"], counts["replies"]) == (len(rows), 2 * len(rows))
    assert counts["pairs"] == {"preferred": len(rows)} and counts["packed"] == counts["rows"] == len(rows)


def test_how_a_text_goes_on_lies_behind_what_inference_puts_before_it(tmp_path: Path) -> None:
    def text(*said: str) -> list[dict[str, Any]]:
        return [{"role": "text", "content": each} for each in said]

    asked, better, worse = text("Tutor: You went?\n", "Basil:"), text(" I went to market.\n"), text(" market I.\n")
    rows = [Row(id="p-0", source="test", split="train", messages=asked, chosen=better, rejected=worse)]
    pack, _ = packed(mix(tmp_path / "m", rows))
    prompt = RENDERER.text_prompt("Tutor: You went?\nBasil:")
    for number, reply in enumerate((better, worse)):
        _, ids, trained = replies_of(pack)[number]
        assert ids[: len(prompt)] == prompt and trained.index(True) == len(prompt) and all(trained[len(prompt) :])
        assert RENDERER.decode(ids[len(prompt) : -1]) == reply[0]["content"]


def test_a_pair_is_never_parted_though_its_replies_would_fit_beside_others(tmp_path: Path) -> None:
    rows = [row(at, ["I go."], f"You {at}?", f"I went to the market {at}.") for at in range(6)]
    pack, counts = packed(mix(tmp_path / "m", rows), seq_len=40)
    assert counts["longest"] > 20 and counts["sequences"] == 6, "no two pairs fit one sequence"
    found = replies_of(pack)
    assert len({found[number][0] for number in found}) == 6
    assert all(found[number][0] == found[number + 1][0] for number in range(0, 12, 2))


def test_single_replies_to_one_prompt_are_a_group_wherever_they_stand(tmp_path: Path) -> None:
    rows = [
        rated(1, "I go.", "You went?", preferred=0.9, tone=1),
        rated(2, "I eat.", "You ate?", tone=0.5),
        row(3, ["I go."], "You went there.", "You go."),
        rated(4, "I go.", "No.", preferred=0.1),
        row(5, ["I eat."], "Ate, you say?", None),
    ]
    pack, counts = packed(mix(tmp_path / "m", rows))
    assert pack.columns == ("preferred", "tone")
    told = [(group, pack.row_ids[number]) for number, group in enumerate(pack.row_group.tolist())]
    assert told == [(0, "p-3"), (0, "p-3"), (1, "p-1"), (1, "p-4"), (2, "p-2"), (2, "p-5")]
    unknown = math.nan
    expected = [[1, unknown], [0, unknown], [0.9, 1], [0.1, unknown], [unknown, 0.5], [1, unknown]]
    np.testing.assert_allclose(pack.row_targets, expected, rtol=1e-6)
    assert counts["pairs"] == {"preferred": 2, "tone": 0} and counts["unpaired"] == 1
    assert any(line.startswith("1 groups hold no two replies that are told apart") for line in left_out(counts))


def test_what_does_not_fit_is_left_out_or_cut_and_counted(tmp_path: Path) -> None:
    long = "I went to the market. " * 6
    rows = [row(1, ["I go."], "You went?", long), row(2, ["I go."], "You went?", "No.")]
    rows += [rated(10 + at, "I eat.", f"You ate {at}?", preferred=at / 9) for at in range(8)]
    rows += [rated(20, "I see.", long, preferred=1)]
    folder = mix(tmp_path / "m", rows)
    pack, counts = packed(folder, seq_len=40, long_rows="drop")
    assert packed(folder, seq_len=40)[1] == counts, "a comparison is never split"
    assert (counts["long_groups"], counts["cut_groups"], counts["packed"]) == (2, 1, 9)
    for group in set(pack.row_group.tolist()):
        found = {replies_of(pack)[number][0] for number in np.flatnonzero(pack.row_group == group)}
        assert len(found) == 1
    assert len(set(pack.row_group.tolist())) > 2
    assert sorted(set(pack.row_ids)) == sorted(["p-2", *(f"p-{10 + at}" for at in range(8))])
    assert any("2 comparisons were left out: their replies do not fit" in line for line in left_out(counts))


def test_replies_that_the_template_shows_alike_are_no_comparison(tmp_path: Path) -> None:
    thought = Row(
        id="p-1", source="t", split="train", messages=[{"role": "user", "content": "I go."}],
        chosen=[{"role": "assistant", "content": "You went?", "reasoning": "A recast."}],
        rejected=[{"role": "assistant", "content": "You went?"}],
    )  # fmt: skip
    pack, counts = packed(mix(tmp_path / "m", [thought, row(2, ["I go."], "You went?", "No.")]))
    assert counts["equal_replies"] == 1 and set(pack.row_ids) == {"p-2"}


def test_a_preferences_own_weight_counts_times_its_rows(tmp_path: Path) -> None:
    rows = [row(1, ["I go."], "You went?", "No.", weight=2.0, meta={"weight": 0.25}), row(2, ["I eat."], "Oh.", "No.")]
    pack, _ = packed(mix(tmp_path / "m", rows))
    assert pack.row_weights.tolist() == [0.5, 0.5, 1.0, 1.0]


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"ratings": {"tone": "high"}}, "row p-1: ratings tone is no number from 0 to 1; take the row out"),
        ({"ratings": {"tone": None}}, "row p-1: ratings rates nothing"),
        ({"weight": 0}, "row p-1: its weight is 0, and no number above 0"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, meta: dict[str, Any], said: str) -> None:
    folder = mix(tmp_path / "m", [row(1, ["I go."], None, "No.", meta=meta)])
    with pytest.raises(UserError, match=said):
        packed(folder)
    assert not list(folder.glob("packs/*"))


def test_a_mix_without_preferences_says_where_they_come_from(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    write_rows(folder / "train.parquet", [tiny.text_row(1, "I went.")])
    records.write_manifest(folder, {"kind": "mix"})
    with pytest.raises(UserError, match="no preference row that could be trained on; they come from comparisons"):
        packed(folder)


def test_a_held_out_split_has_the_columns_of_all(tmp_path: Path) -> None:
    valid = [rated(9, "I see.", "You saw?", tone=1.0)]
    folder = mix(tmp_path / "m", [row(1, ["I go."], "You went?", "No.")], valid)
    packs, manifest, done = open_packs(folder, RENDERER, seq_len=32, rows="preference", long_rows="split")
    assert done == "built" and packs["train"].columns == packs["valid"].columns == ("preferred", "tone")
    assert packs["train"].row_targets.shape == (2, 2) and math.isnan(packs["valid"].row_targets[0, 0])
    assert manifest["columns"] == ["preferred", "tone"]
    assert open_packs(folder, RENDERER, seq_len=32, rows="preference", long_rows="split")[2] == "found"
