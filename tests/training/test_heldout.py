import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_mix.packing.pack import Pack, open_packs
from espalier.artifacts import records
from espalier.text.rows import Row, write_rows
from tests import tiny
from training import heldout
from training.heldout import measure

RENDERER = tiny.renderer()


def packed(folder: Path, rows: list[Row]) -> Pack:
    folder.mkdir()
    write_rows(folder / "train.parquet", [tiny.text_row(0, "I went."), tiny.chat_row(0, "I go.", "You went?")])
    write_rows(folder / "valid.parquet", rows)
    records.write_manifest(folder, {})
    return open_packs(folder, RENDERER, seq_len=40, rows="all", long_rows="drop")[0]["valid"]


def uniform() -> torch.nn.Module:
    """A model that finds every token equally likely."""
    model: torch.nn.Module = tiny.model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


def test_bits_per_byte_count_the_end_and_its_excess_is_over_the_floor_of_these_rows(tmp_path: Path) -> None:
    text, chat = "Anna ate the cake.", "You went to the market?"
    rows = [
        tiny.text_row(1, text, log2_prob=-12.0),
        tiny.chat_row(2, "I go to market.", chat, log2_prob=-50.0, assistant_log2_prob=-3.0),
    ]
    figures = measure(uniform(), packed(tmp_path / "m", rows), batch_size=4)["fit"]
    tokens = sum(sum(RENDERER.sequences(row.messages)[0].mask) for row in rows)
    num_bytes = len(text) + len(chat)
    bits = tokens * math.log2(len(RENDERER.tokenizer))
    assert (figures["rows"], figures["tokens"], figures["bytes"]) == (2, tokens, num_bytes)
    assert figures["bits_per_byte"] == pytest.approx(bits / num_bytes)
    assert figures["floor"] == pytest.approx(15.0 / num_bytes)
    assert figures["excess"] == pytest.approx(bits / 15.0 - 1)
    assert figures["loss"] == pytest.approx(math.log(len(RENDERER.tokenizer)))
    assert figures["floor_loss"] == pytest.approx(15.0 * math.log(2) / tokens)


def test_longer_rows_stand_apart(tmp_path: Path) -> None:
    long = "I went to the market. " * 9
    rows = [tiny.text_row(1, "I went.", log2_prob=-4.0), tiny.text_row(2, long, log2_prob=-40.0)]
    figures = measure(uniform(), packed(tmp_path / "m", rows), batch_size=4)
    assert (figures["fit"]["rows"], figures["fit"]["floor"]) == (1, pytest.approx(4.0 / 7))
    assert (figures["longer"]["rows"], figures["longer"]["bytes"]) == (1, len(long))
    assert figures["longer"]["tokens"] == sum(RENDERER.sequences(rows[1].messages)[0].mask)


def test_found_text_has_no_floor(tmp_path: Path) -> None:
    rows = [tiny.text_row(1, "I went.", log2_prob=-4.0), tiny.text_row(2, "Anna ate.")]
    figures = measure(uniform(), packed(tmp_path / "m", rows), batch_size=4)
    assert figures["fit"]["floor"] is None and figures["fit"]["excess"] is None
    assert figures["longer"]["rows"] == 0


def test_batches_make_no_difference_and_the_mode_is_restored(tmp_path: Path) -> None:
    pack = packed(tmp_path / "m", [tiny.text_row(n, "I went. " * (1 + n % 4)) for n in range(9)])
    model = tiny.model().train()
    one, many = (measure(model, pack, batch_size=size)["fit"] for size in (1, 7))
    assert one["loss"] == pytest.approx(many["loss"], rel=1e-6)
    assert model.training
    part = measure(model, pack, batch_size=2, max_sequences=2)["fit"]
    assert 0 < (part["rows"] or 0) < 9


@given(st.integers(1, 70), st.integers(1, 70))
def test_any_beginning_of_the_order_is_spread_over_all_sequences(size: int, count: int) -> None:
    order = heldout.spread(size, min(size, count))
    assert len(set(order.tolist())) == len(order) == min(size, count)
    for length in (1, 2, 4, 8, 16):
        if length <= len(order):
            first = sorted(order[:length].tolist())
            gaps = np.diff([*first, size + first[0]])
            assert gaps.max() <= 2 * size / length + 2


def test_a_bounded_measurement_says_of_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = packed(tmp_path / "mix", [tiny.text_row(n, "I went to the market. " * 2, split="valid") for n in range(12)])
    assert len(pack) > 4
    model = tiny.model()
    whole = measure(model, pack, batch_size=2)["fit"]
    assert (whole["sequences"], whole["of"]) == (len(pack), len(pack))
    assert measure(model, pack, batch_size=1, max_sequences=3)["fit"]["sequences"] == 3
    ticks = iter(range(1000))
    monkeypatch.setattr(heldout.time, "monotonic", lambda: float(next(ticks)))
    part = measure(model, pack, batch_size=1, max_seconds=2.5)["fit"]
    assert (part["sequences"], part["of"]) == (3, len(pack))
