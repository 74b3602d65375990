"""`espalier inside`: over a run's kept steps, on a model that is no run, and beside a training as a monitor."""

import re
from pathlib import Path

import pytest

from espalier.errors import UserError
from espalier.signals.store import SignalStore
from stage1.train import main as train
from tests import tiny
from tests.stage1.commands import TRUNK, make_mix, write_config
from training.inside import main
from training.probing.draw import shown
from training.probing.telling import Inside

SENTENCE = "I went <b>home</b> $x$."
"""With what would be markup, or mathematics, in another place."""
WATCHED = {"on": ["inside"], "every": 2, "policy": "repo:training/watching/policies/default.yaml"}


def trunk(workspace: Path, **changes: object) -> None:
    make_mix(workspace)
    quick = {"steps": 4, "checkpoint_every": 2, "keep_checkpoints": 5, "checkin": {"every": 0}, "heldout": {"every": 0}}
    assert train([str(write_config(workspace, TRUNK, **(quick | {"seq_len": 256} | changes)))]) == 0


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    capsys.readouterr()
    assert main(list(argv)) == 0
    return capsys.readouterr().out


def test_a_run_is_told_and_drawn_over_its_steps(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trunk(workspace, monitors={"on": "none"})
    text = told(capsys, "trunk", "--sentence", SENTENCE, "--sentences", "60", "--out", str(tmp_path / "in.html"))
    assert [line.split()[:2] for line in text.split("tense: ")[1].splitlines()[1:4]] == [
        ["random", "weights"], ["step", "2"], ["step", "4"],
    ]  # fmt: skip
    assert "step 4, after each token what layers would say" in text and "step 4, what heads mostly look at" in text
    page = (tmp_path / "in.html").read_text()
    assert page.count("data:image/png;base64,") == 8 and "<b>" not in page, "four pictures, light and dark"
    report = told(
        capsys, "trunk", "--step", "2", "--sentence", SENTENCE, "--only_sentence", "--out", str(tmp_path / "a.md")
    )
    assert "step 4" not in report and "tense" not in report
    drawn = re.findall(r"!\[[^]]*\]\(([^)]*)\)", (tmp_path / "a.md").read_text())
    assert drawn == ["a.png", "a-attention.png"] and all((tmp_path / each).stat().st_size > 1000 for each in drawn)
    for argv, complaint in (
        (["trunk", "--step", "3"], "run trunk keeps no checkpoint of step 3; there are 2, 4"),
        (["trunk", "--out", "a.pdf"], "ends in .png, .html, .md"),
        (["trunk", "--out", str(tmp_path / "none" / "a.png")], "there is no folder"),
        (["trunk", "--only_sentence"], "wants a --sentence"),
    ):
        with pytest.raises(UserError, match=complaint):
            main(argv)


def test_a_model_that_is_no_run_has_one_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny.saved(tmp_path / "model")
    text = told(capsys, str(folder), "--sentence", SENTENCE, "--only_sentence", "--out", str(tmp_path / "a.png"))
    assert "looking at" in text and (tmp_path / "a-attention.png").exists()
    assert not (tmp_path / "a-heads.png").exists(), "there are no steps to be compared"
    with pytest.raises(UserError, match="is no run, so it has no steps"):
        main([str(folder), "--step", "2", "--sentence", SENTENCE])


def test_a_training_keeps_what_it_measures_of_itself(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trunk(workspace, monitors=WATCHED, keep_checkpoints=1)
    with SignalStore.read(workspace / "runs" / "trunk") as store:
        pictures = store.pictures("probes")
        assert [picture.step for picture in pictures] == [0, 4]
        assert len(pictures[0].value) == 3 and {"tense", "turn"} <= set(pictures[0].value[2])
        assert [step for step, _ in store.series("inside.tense.selectivity")] == [0, 4]
        assert not store.events(what="monitor failed")
    text = told(capsys, "trunk", "--sentences", "60")
    assert "step 0 " in text, "what was measured then is told, although no checkpoint of it is kept"


def test_probing_leaves_the_training_as_it_is(workspace: Path) -> None:
    often = {"steps": 12, "checkpoint_every": 12}
    trunk(workspace, **often, monitors=WATCHED | {"every": 1})
    made = workspace / "runs" / "trunk"
    watched = (made / "final" / "model.safetensors").read_bytes()
    made.rename(workspace / "watched")
    (workspace / "mixes" / "toy").rename(workspace / "before")
    trunk(workspace, **often, monitors={"on": "none"})
    assert (made / "final" / "model.safetensors").read_bytes() == watched


def test_the_same_figures_are_the_same_picture(tmp_path: Path) -> None:
    layer = {"accuracy": 0.9, "control": 0.5, "selectivity": 0.4, "tells": True}
    blank = layer | {"selectivity": -0.1, "tells": False}
    first, second = ([{"tense": each}, {"tense": layer}] for each in (blank, layer))
    inside = Inside(name="a$b$", probes=[("step 1", first), ("step 2", second)])
    for name in ("one", "two", "dark"):
        inside.draw(tmp_path / f"{name}.png", dark=name == "dark")
    one, two, dark = ((tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "dark"))
    assert one == two != dark


def test_tokens_are_shown_with_their_spaces() -> None:
    assert [shown(" the"), shown("\n"), shown("\x07"), shown("a" * 30)] == ["·the", "⏎", "�", "aaaaaaaaa…"]
