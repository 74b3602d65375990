"""Exports in tests that are not about checks are written without them: checking takes longer than writing."""

import pytest

from exports import checks


@pytest.fixture(autouse=True)
def unchecked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "checks" not in request.path.parts:
        monkeypatch.setattr(checks, "CHECKS", dict.fromkeys(checks.CHECKS, ()))
