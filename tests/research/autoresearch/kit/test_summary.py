"""What is printed is what is read, and what was made to deceive is not read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.autoresearch.kit.summary import Summary, peak_memory_mb, print_summary, read_summary

WHOLE = Summary(
    task="language", val_bpb=1.25, training_seconds=60.0, total_seconds=70.5, peak_vram_mb=512.0, memory_of="process",
    total_tokens=1_000_000, num_steps=100, num_params=854_272,
)  # fmt: skip


def printed(summary: Summary, capsys: pytest.CaptureFixture[str]) -> str:
    print_summary(summary)
    return capsys.readouterr().out


def test_lines_can_be_grepped(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(WHOLE, capsys).splitlines()
    assert "task=language" in lines and "val_bpb:          1.250000" in lines
    assert "total_tokens:     1000000" in lines


@pytest.mark.parametrize("summary", [WHOLE, replace(WHOLE, val_bpb=None), replace(WHOLE, route_accuracy=0.5)])
def test_what_is_printed_is_read(summary: Summary, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(summary, capsys)
    assert read_summary("step 1\n" + text) == summary
    assert read_summary(printed(WHOLE, capsys).replace("1.25", "9.25") + text) == summary, "the last one counts"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.250000", "nan"),
        ("1.250000", "-1.0"),
        ("1.250000", "1e-9"),
        ("1.250000", "1.0 (better)"),
        ("1000000", "1000000.5"),
        ("process", "nobody"),
        ("num_params:       854272", ""),
        ("num_params:       854272", "num_params: 1\nnum_params: 2"),
        ("---", "--"),
    ],
)
def test_what_is_not_whole_is_none(old: str, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_summary(printed(WHOLE, capsys).replace(old, new)) is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert read_summary(text) is None


def test_memory_is_that_of_this_process() -> None:
    before, whose = peak_memory_mb("cpu")
    held = bytearray(int(before + 64) << 20)
    after, _ = peak_memory_mb("cpu")
    assert whose == "process" and after > before and len(held) > 0
