"""Faults planted in exports are caught, each by the check that is about it; without a fault all checks pass."""

from pathlib import Path

import pytest

from exports.config import ExportConfig, Form
from exports.exported import Exported, find_run
from research.benchmarks.exports.faults import FAULTS, found

CAUGHT_BY = {
    "none": set(),
    "template with one space more": {"template"},
    "no token that begins a text": {"template"},
    "system messages dropped": {"template"},
    "adapter left out": {"logits", "replies", "life"},
    "scale doubled": {"logits"},
    "embedding not merged": {"logits"},
    "one layer not merged": {"logits"},
    "one matrix not merged": {"logits"},
    "weight transposed": {"logits"},
    "halves of heads taken for pairs": {"logits"},
    "weights rounded to 3 bits of fraction": {"logits"},
    "rope base wrong": {"logits"},
    "norm's epsilon wrong": {"logits"},
    "wrong end": {"stops"},
    "merges of the tokenizer swapped": {"template"},
    "tokens of the vocabulary swapped": {"template"},
}
"""At least these checks fail."""
FREE = {"embedding not merged"}
"""Nothing of it was trained in an adapter of layers."""


def exported(model: Path, folder: Path, to: Form) -> Exported:
    config = ExportConfig(run=str(model), to=to)
    run, renderer = find_run(config)
    return Exported(name="planted", config=config, folder=folder, run=run, renderer=renderer)


def test_every_fault_has_its_check() -> None:
    assert CAUGHT_BY.keys() == FAULTS.keys()


@pytest.mark.parametrize("name", sorted(CAUGHT_BY.keys() - FREE))
def test_a_fault_is_caught(name: str, adapter: Path, tmp_path: Path) -> None:
    findings = found(exported(adapter, tmp_path / "out", "merged"), name)
    failed = {each.check for each in findings if not each.passed}
    assert failed >= CAUGHT_BY[name] and bool(failed) == bool(CAUGHT_BY[name]), [each.said for each in findings]
