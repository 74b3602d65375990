"""Every test works in a workspace of its own, on one thread, and hypothesis tries the same examples each time."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch: the tests run side by side

from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("espalier", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("espalier")


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that mixes, runs, scores and reports of this test go to."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setenv("ESPALIER_HOME", str(folder))
    return folder
