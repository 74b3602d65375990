"""STATUS.md: the same artifacts give the same page, and an edit by hand is noticed, never written over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import repo_root
from espalier.cli import main
from espalier.errors import UserError
from espalier.memory import status
from espalier.memory.runlog import note
from tests.espalier.artifacts.forge import forge, forge_scores


def page() -> str:
    return status.render(registry.survey())


def rows(text: str) -> list[list[str]]:
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [row for row in cells if set(row[0]) != {"-"}]


def test_models_stand_below_what_they_grew_from_with_what_decided(workspace: Path) -> None:
    forge("mix:basil")
    for spec, *parents in (("run:core", "mix:basil"), ("run:a-variant", "run:core"), ("run:other",)):
        forge(spec, *parents)
    forge_scores("recast", {"core": (0.75, 0.7, 0.8), "a-variant": (0.5, 0.4, 0.6)}, withheld="canned questions (0.9)")
    forge("export:variant-gguf", "run:a-variant")
    models = rows(page().partition("## Models")[2].partition("##")[0])
    assert [row[0] for row in models[1:]] == ["core", "· a-variant", "other"]
    assert models[1][1] == "mix:basil"
    assert models[2][3].startswith(
        "recast: fix_given 0.5 (0.4–0.6), verdict withheld (canned questions (0.9)) in recast"
    )
    assert models[2][4] == "variant-gguf (not verified)"
    assert "1 mix, 3 runs, 1 scores, 1 export" in page()


def test_the_same_artifacts_give_the_same_page_whoever_works_on_them(workspace: Path) -> None:
    for spec in ("mix:basil", "run:core", "run:trunk"):
        forge(spec, created="2026-01-01")
    forge("run:half", complete=False)
    before = page()
    records.append_jsonl(workspace / "runs" / "half" / "metrics.jsonl", {"step": 4, "loss": 1.0})
    (workspace / "runs" / ".x.tmp-1").mkdir()
    lock = Lock(workspace / "runs" / "half" / "lock")
    lock.acquire("half")
    assert page() == before == status.render(reversed(registry.survey()))
    lock.release()
    assert "- run:half" in before and str(workspace) not in before


def test_what_is_removed_is_told_of_no_longer() -> None:
    forge("run:core")
    forge("run:other")
    main(["rm", "other", "--yes"])
    assert not status.path().exists(), "where there is no page, none is begun by removing"
    note("run:core")
    forge("run:other")
    main(["rm", "core", "--yes"])
    assert "core" not in status.path().read_text() and "other" in status.path().read_text()
    assert "run:core" in (status.path().parent / "RUNLOG.md").read_text(), "it was made, all the same"


def test_circles_are_drawn_once() -> None:
    forge("run:egg", "run:hen")
    forge("run:hen", "run:egg")
    assert sorted(row[0].strip("· ") for row in rows(page())[1:]) == ["egg", "hen"]


EDITS: dict[str, Callable[[str], str]] = {
    "a figure": lambda text: text.replace("1.5", "1.4"),
    "a line more": lambda text: text.replace("# Status\n", "# Status\n\nAll is well.\n"),
    "after the end": lambda text: text + "\nAll is well.\n",
    "no hash": lambda text: text.rpartition("<!--")[0],
    "another page": lambda text: "# Status\n\nAll is well.\n",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_hand_is_noticed_and_not_written_over(edit: str, capsys: pytest.CaptureFixture[str]) -> None:
    forge("run:core")
    note("run:core")
    status.check()
    edited = EDITS[edit](status.path().read_text())
    assert edited != status.path().read_text()
    status.path().write_text(edited)
    with pytest.raises(UserError, match=r"STATUS\.md: was edited by hand since it was written; move what you wrote"):
        status.check()
    forge("run:other")
    note("run:other")
    assert "STATUS.md: was edited by hand" in capsys.readouterr().out
    assert status.path().read_text() == edited
    assert "run:other" in (status.path().parent / "RUNLOG.md").read_text(), "which is another page"


def test_the_command_writes_prints_and_checks(capsys: pytest.CaptureFixture[str]) -> None:
    forge("run:core")
    main(["status"])
    assert capsys.readouterr().out.rstrip() == page().rstrip() == status.path().read_text().rstrip()
    main(["status", "--check"])
    forge("run:other")
    with pytest.raises(UserError, match=r"STATUS\.md: tells of other artifacts than there are now"):
        main(["status", "--check"])
    status.path().write_text("# Status\n")
    for words in ([], ["--check"]):
        with pytest.raises(UserError, match="edited by hand"):
            main(["status", *words])


def test_what_artifacts_say_makes_no_markdown(workspace: Path) -> None:
    forge("corpus:talk", "openai:m@http://host/v1", counts={"kept": 1, "asked_for": 2, "models": {"<b>|x": 1}})
    assert "<b>" not in page() and r"\|x" in page()
    (workspace / "runs" / "a|b\n# c").mkdir(parents=True)
    (workspace / "runs" / "a|b\n# c" / "run.json").write_text("{")
    assert "\n# c" not in page()


def test_no_place_of_one_machine_is_told(workspace: Path) -> None:
    (workspace / "mixes" / "half").mkdir(parents=True)
    (workspace / "mixes" / "half" / "manifest.json").write_text("{")
    forge("run:core", f"path:{workspace}/elsewhere/my-model", "openai:m@http://10.0.0.7:8000/v1", "hub:owner/model")
    note("run:core")
    for name in ("STATUS.md", "RUNLOG.md"):
        text = (status.path().parent / name).read_text()
        assert "path:…/my-model, openai:m, hub:owner/model" in text
        assert str(workspace) not in text and "10.0.0.7" not in text
    assert "## Damaged\n\n- mix:half" in page()


def test_the_page_in_the_checkout_is_as_it_was_written() -> None:
    assert status.is_sealed((repo_root() / "agents" / "STATUS.md").read_text(encoding="utf-8"))
