"""What is asked of answers: a floor for weights whose rounding is not known here, and few conversations are enough."""

import copy
from pathlib import Path

import pytest

from exports.checks import logits, opened, replies
from exports.checks.trained import Reply
from exports.config import ExportConfig, ExportOptions
from exports.exported import Exported, find_run


class Opened(opened.Opened):
    """An export in K-quants, without a program that writes them: what stands in its file is told, not read."""

    file, kinds, engine = None, {"Q4_K", "F32"}, None  # type: ignore[assignment]


@pytest.mark.parametrize("is_random", [False, True])
def test_random_weights_in_k_quants_do_not_pass(
    is_random: bool, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ExportConfig(run=str(adapter), to="gguf", quant="q4_k_m")
    run, renderer = find_run(config)
    exported = Exported(name="k", config=config, folder=tmp_path, run=run, renderer=renderer)
    theirs = Opened(exported)
    ours = opened.trained(exported)
    theirs.model, theirs.reference = copy.deepcopy(ours.whole), ours.whole
    if is_random:
        for weight in theirs.model.parameters():
            weight.data.normal_(0, 0.05)
    for module in (logits, replies):
        monkeypatch.setattr(module, "opened", lambda exported: theirs)
    with opened.one_export():
        agreement, apart = replies.check_agreement(exported, ExportOptions()), logits.check(exported, ExportOptions())
    assert agreement.passed != is_random and "at least 80 % are asked for" in agreement.said, agreement.said
    assert "not_checked" in apart.figures and "agreement judges it" in apart.said
    theirs.model.lm_head.weight.data.fill_(float("nan"))
    assert not logits.check(exported, ExportOptions()).passed


def test_few_conversations_that_fit_are_enough(adapter: Path, tmp_path: Path) -> None:
    config = ExportConfig(run=str(adapter), to="merged")
    run, renderer = find_run(config)
    exported = Exported(name="few", config=config, folder=tmp_path, run=run, renderer=renderer)
    with opened.one_export():
        ours, theirs = opened.trained(exported), Opened(exported)
        ours.prompts, ours.ids = ours.prompts[:3], ours.ids[:3]
        theirs.model = theirs.reference = ours.model
        theirs.reference_replies = theirs.replies = [Reply(ids, False) for ids in ours.ids]
        assert replies._noise(ours, theirs) > 0
