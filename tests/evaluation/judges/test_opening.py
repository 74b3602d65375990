"""Who judges: trained judges by name, endpoints, and panels of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.artifacts import records
from espalier.errors import UserError
from evaluation.config import EvaluateConfig
from evaluation.judges import classifier
from evaluation.judges.llm import LlmJudge
from evaluation.judges.opening import default_judges, open_judges
from evaluation.judges.panel import Panel

CONFIG = EvaluateConfig()
URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def trained(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge `classifier` lies in the workspace, and knows its name."""
    records.write_manifest(workspace / "judges" / "classifier", {"kind": "judge"})
    fake = SimpleNamespace(open=lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(classifier, "Classifier", fake, raising=False)


def test_nobody_judges_where_nobody_is_trained() -> None:
    assert default_judges() == [] and open_judges([], CONFIG) is None


def test_the_trained_judge_is_the_default(trained: None) -> None:
    assert default_judges() == ["classifier"]
    judge = open_judges(default_judges(), CONFIG)
    assert judge is not None and judge.name == "classifier"


def test_one_judges_alone_and_several_as_a_panel(trained: None) -> None:
    alone = open_judges([f"openai:m@{URL}"], CONFIG)
    assert isinstance(alone, LlmJudge) and alone.name == "m"
    panel = open_judges(["classifier", f"openai:m@{URL}", f"openai:n@{URL}"], CONFIG)
    assert isinstance(panel, Panel) and panel.names == ("classifier", "m", "n")
    with pytest.raises(UserError, match="two judges are called m"):
        open_judges([f"openai:m@{URL}", f"openai:m@{URL}"], CONFIG)


def test_a_name_nobody_has_says_how_to_train() -> None:
    with pytest.raises(UserError, match="no judge is trained under that name.*judges/train.py --labels"):
        open_judges(["classifer"], CONFIG)
    with pytest.raises(UserError, match="cannot be a name"):
        open_judges(["../x"], CONFIG)
    with pytest.raises(UserError, match="wants openai:NAME@URL"):
        open_judges(["openai:m"], CONFIG)
