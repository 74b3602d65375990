"""The curriculum without what takes seconds."""

import pytest

from data_mix import curriculum
from data_mix.curriculum import Finding, bars


@pytest.fixture
def low_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bars look at 10,000 dialogues, which takes seconds; of fewer they are not met."""
    cleared = Finding(name="dialogues", value=1, bar="at least 1", ok=True)
    monkeypatch.setattr(bars, "NUM_DIALOGUES", 20)
    monkeypatch.setattr(curriculum, "lint", lambda rows, who: [cleared] if len(list(rows)) == 20 else [])
