import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.packing import building
from data_mix.packing.best_fit import best_fit
from data_mix.packing.pack import Pack, open_packs
from data_mix.packing.rendering import Rendering, left_out
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row, write_rows
from tests import tiny

RENDERER = tiny.renderer()
WORDS = st.lists(st.sampled_from(["I", "went", "to", "market", "you", "saw", "a", "house"]), min_size=1, max_size=25)


def mix(folder: Path, train: list[Row], valid: list[Row] = []) -> Path:  # noqa: B006
    folder.mkdir(parents=True)
    write_rows(folder / "train.parquet", train)
    write_rows(folder / "valid.parquet", valid or [tiny.text_row(999, "You went?", split="valid")])
    records.write_manifest(folder, {"kind": "mix"})
    return folder


def rows_back(pack: Pack) -> dict[str, list[tuple[int, int, bool, int]]]:
    """Row id -> its (input, label, trained, position) in the order of the positions' sequences."""
    found: dict[str, list[tuple[int, int, bool, int]]] = {}
    for sequence in range(len(pack)):
        for place, row in enumerate(pack.rows[sequence]):
            if row >= 0:
                found.setdefault(pack.row_ids[row], []).append(
                    (
                        int(pack.inputs[sequence, place]),
                        int(pack.labels[sequence, place]),
                        bool(pack.turn_weights[sequence, place]),
                        int(pack.positions[sequence, place]),
                    )
                )
    return found


@given(st.lists(st.integers(1, 20), max_size=80))
def test_best_fit_places_each_once_and_overfills_nothing(lengths: list[int]) -> None:
    bins = best_fit(lengths, 20)
    assert sorted(index for members in bins for index in members) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in members) <= 20 for members in bins)
    # No two bins could have been one.
    fills = sorted(sum(lengths[index] for index in members) for members in bins)
    assert len(fills) < 2 or fills[0] + fills[1] > 20


def test_best_fit_refuses_what_fits_nowhere() -> None:
    with pytest.raises(ValueError, match=r"length 21 is not in 1\.\.20"):
        best_fit([3, 21], 20)


@given(
    st.lists(WORDS, min_size=1, max_size=12),
    st.lists(st.tuples(WORDS, WORDS), max_size=6),
    st.integers(8, 24),
    st.sampled_from([1, 50, 1 << 24]),
)
def test_every_label_of_every_row_is_there_exactly_once(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[list[str]],
    chats: list[tuple[list[str], list[str]]],
    seq_len: int,
    window: int,
) -> None:
    rows = [tiny.text_row(number, " ".join(words)) for number, words in enumerate(texts)]
    rows += [tiny.chat_row(number, " ".join(a), " ".join(b)) for number, (a, b) in enumerate(chats)]
    folder = mix(tmp_path_factory.mktemp("mixes") / "m", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "WINDOW_TOKENS", window)
        packs, manifest, _ = open_packs(folder, RENDERER, seq_len=seq_len, rows="all", long_rows="split")
    found = rows_back(packs["train"])
    counts = manifest["splits"]["train"]
    for row in rows:
        (rendered,) = RENDERER.sequences(row.messages)
        expected = list(zip(rendered.ids, rendered.ids[1:], rendered.mask[1:], strict=False))
        pieces = [expected[start : start + seq_len] for start in range(0, len(expected), seq_len)]
        kept = [
            (*triple, position)
            for piece in pieces
            if any(trained for *_, trained in piece)
            for position, triple in enumerate(piece)
        ]
        assert sorted(found[row.id]) == sorted(kept)
    assert counts["rows"] == counts["packed"] == len(rows)
    assert counts["tokens"] == sum(map(len, found.values()))
    assert counts["trained_tokens"] == sum(trained for entries in found.values() for _, _, trained, _ in entries)
    assert counts["longest"] == max(len(piece) for entries in found.values() for piece in _stretches(entries))
    assert counts["split_long"] == sum(len(RENDERER.sequences(row.messages)[0].ids) - 1 > seq_len for row in rows)


def _stretches(entries: list[tuple[int, int, bool, int]]) -> list[list[int]]:
    positions = [position for *_, position in entries]
    starts = [place for place, position in enumerate(positions) if position == 0]
    return [positions[start:end] for start, end in zip(starts, [*starts[1:], len(positions)], strict=True)]


def test_the_memory_that_packing_takes_does_not_grow_with_the_mix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "WINDOW_TOKENS", 2000)

    def peak(num_rows: int) -> int:
        rows = (tiny.text_row(number, f"I went to the market {number}. " * 4) for number in range(num_rows))
        rendering = Rendering(RENDERER, "all", "error")
        tracemalloc.start()
        building.build(rendering, rows, tmp_path / str(num_rows), 64, "split")
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(4000)  # fills what is kept between calls
    assert peak(16_000) < 1.2 * peak(8000)


def test_a_row_lies_in_one_stretch_and_padding_is_marked(tmp_path: Path) -> None:
    rows = [tiny.text_row(number, "I went " * (1 + number % 4)) for number in range(40)]
    packs, manifest, _ = open_packs(mix(tmp_path / "m", rows), RENDERER, seq_len=32, rows="all", long_rows="split")
    pack = packs["train"]
    for sequence in range(len(pack)):
        numbers = pack.rows[sequence]
        starts = np.flatnonzero(pack.positions[sequence] == 0)[: len(set(numbers[numbers >= 0]))]
        for start, end in zip(starts, [*starts[1:], int((numbers >= 0).sum())], strict=True):
            assert len(set(numbers[start:end])) == 1
            assert pack.positions[sequence, start:end].tolist() == list(range(end - start))
    assert not pack.turn_weights[pack.rows < 0].any()
    assert manifest["splits"]["train"]["density"] > 0.9


def test_kinds_and_long_rows_are_counted(tmp_path: Path) -> None:
    long = "I went to the market. " * 10
    rows = [tiny.text_row(1, "I went."), tiny.text_row(2, long), tiny.chat_row(3, "I go.", "You went?")]
    rows += [tiny.chat_row(4, long, "You went?"), tiny.chat_row(5, "I go.", long)]
    folder = mix(tmp_path / "m", rows)

    def counts(kind: str, long_rows: str) -> dict[str, int]:
        _, manifest, _ = open_packs(folder, RENDERER, seq_len=24, rows=kind, long_rows=long_rows)  # type: ignore[arg-type]
        return dict(manifest["splits"]["train"])

    names = ("rows", "other_kind", "dropped_long", "split_long", "packed")
    assert [counts("text", "split")[name] for name in names] == [5, 3, 0, 1, 2]
    assert [counts("chat", "drop")[name] for name in names] == [5, 2, 2, 0, 1]
    assert [counts("chat", "split")[name] for name in names] == [5, 2, 0, 2, 3]
    assert counts("chat", "split")["untrained_pieces"] > 0


def test_rows_that_end_unanswered_are_counted(tmp_path: Path) -> None:
    whole, more = tiny.chat_row(1, "I go.", "You went?"), tiny.chat_row(2, "I go.", "You went?", "Yes.")
    packs, manifest, _ = open_packs(
        mix(tmp_path / "m", [whole, more]), RENDERER, seq_len=64, rows="all", long_rows="split"
    )
    counts = manifest["splits"]["train"]
    assert (counts["unanswered_end"], counts["packed"]) == (1, 2)
    assert "1 rows go on after their last reply" in "\n".join(left_out(counts))
    one, other = (packs["train"].inputs[packs["train"].rows == number].tolist() for number in (0, 1))
    assert one == other


def test_held_out_rows_are_never_dropped(tmp_path: Path) -> None:
    long = tiny.text_row(7, "I went to the market. " * 10, split="valid", log2_prob=-30.0)
    folder = mix(tmp_path / "m", [tiny.text_row(1, "I went.")], [long])
    packs, _, _ = open_packs(folder, RENDERER, seq_len=24, rows="all", long_rows="drop")
    assert packs["valid"].row_ids == ["text-7"]
    assert packs["valid"].row_fits.tolist() == [False]
    assert packs["valid"].row_floor_bits.tolist() == [30.0]


def test_weights_travel_with_the_tokens(tmp_path: Path) -> None:
    rows = [tiny.chat_row(1, "I go.", "You went?", weight=2.5), tiny.text_row(2, "I went.")]
    packs, _, _ = open_packs(mix(tmp_path / "m", rows), RENDERER, seq_len=64, rows="all", long_rows="split")
    pack = packs["train"]
    weights = pack.weights(np.array([0]))[0]
    of_chat = weights[pack.rows[0] == pack.row_ids.index("chat-1")]
    assert set(of_chat.tolist()) == {0.0, 2.5}
    assert set(weights[pack.rows[0] == pack.row_ids.index("text-2")].tolist()) == {1.0}
    assert pack.ids_of(np.array([0])) == sorted(pack.row_ids, key=pack.row_ids.index)


def test_a_pack_is_found_again_and_a_damaged_one_rebuilt(tmp_path: Path) -> None:
    folder = mix(tmp_path / "m", [tiny.text_row(1, "I went.")])

    def done(renderer: ChatRenderer = RENDERER, seq_len: int = 24) -> str:
        return open_packs(folder, renderer, seq_len=seq_len, rows="all", long_rows="split")[2]

    assert [done(), done()] == ["built", "found"]
    array = next(folder.glob("packs/*/train/labels.npy"))
    content = array.read_bytes()
    array.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert [done(), done()] == ["rebuilt", "found"]
    assert array.read_bytes() == content
    assert done(seq_len=32) == "built"
    assert done(ChatRenderer(tiny.renderer().tokenizer, RENDERER.template.text + "{# other #}")) == "built"


def test_what_cannot_be_packed_is_named(tmp_path: Path) -> None:
    rows = [
        tiny.text_row(1, "I went."),
        Row(id="q-7", source="t", split="train", messages=[{"role": "user", "content": "I go."}]),
    ]
    folder = mix(tmp_path / "m", rows)
    with pytest.raises(UserError, match="row q-7: no assistant turn"):
        open_packs(folder, RENDERER, seq_len=24, rows="all", long_rows="split")
    with pytest.raises(UserError, match="no text row that could be trained on"):
        open_packs(
            mix(tmp_path / "n", [tiny.chat_row(1, "I go.", "You went?")]),
            RENDERER,
            seq_len=24,
            rows="text",
            long_rows="split",
        )
    assert not list(folder.glob("packs/*"))
