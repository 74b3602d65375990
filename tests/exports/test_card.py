"""The model card: by what right, how sure, from where; and nothing that others wrote counts as Markdown."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from espalier.artifacts import records
from espalier.artifacts.gates import Gates, write_gates
from espalier.errors import UserError
from exports import card
from exports import run as command
from exports.config import ExportConfig
from exports.exported import Exported, Finding, find_run
from tests import tiny
from tests.espalier.artifacts.forge import forge, forge_scores

SOURCE = {"within_policy": True, "conditions": "", "attribution": None}
OURS = {"name": "curriculum", "licence": "Apache-2.0"} | SOURCE


@pytest.fixture
def core(workspace: Path) -> Path:
    """A run on a mix, on a trunk; returns its folder."""
    forge("mix:basil", sources=[OURS])
    forge("run:trunk", "mix:basil")
    return run(workspace, "core", "mix:basil", "run:trunk")


def run(workspace: Path, name: str, *parents: str) -> Path:
    """A complete run with a tiny model in it."""
    folder = workspace / "runs" / name
    forge(f"run:{name}", *parents)
    facts = records.read_json(folder / "manifest.json")
    tiny.saved(folder / "final")
    del facts["files"], facts["content_hash"]
    (folder / "manifest.json").unlink()
    records.write_manifest(folder, facts, content=("final/**/*",), exclude=("lock",))
    return folder


def page(folder: Path, *findings: Finding, run: str = "core", to: str = "merged") -> str:
    config = ExportConfig(run=run, to=to)  # type: ignore[arg-type]
    reference, renderer = find_run(config)
    folder.mkdir(exist_ok=True)
    card.write(Exported(name="one", config=config, folder=folder, run=reference, renderer=renderer), findings)
    return (folder / card.NAME).read_text(encoding="utf-8")


def front(text: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(text.split("---\n")[1])
    return found


def test_it_says_of_what_and_by_what_right(core: Path, tmp_path: Path) -> None:
    text = page(tmp_path / "out")
    assert front(text)["license"] == "apache-2.0" and "base_model" not in front(text)
    assert "| basil | curriculum | Apache-2.0 | – | – |" in text
    assert "| run:core | mix:basil, run:trunk |" in text and "| run:trunk | mix:basil |" in text
    assert "no evaluation of these very weights is complete" in text and "no check was made" in text


def test_several_licences_are_no_single_one(workspace: Path, tmp_path: Path) -> None:
    forge(
        "mix:own", sources=[OURS, OURS | {"name": "essays", "licence": "CC-BY-4.0", "conditions": "name the authors"}]
    )
    run(workspace, "core", "mix:own")
    text = page(tmp_path / "out")
    assert front(text)["license"] == "other" and "| own | essays | CC-BY-4.0 | name the authors | – |" in text


@pytest.mark.parametrize(("base", "told"), [("hub:google/gemma-3-270m", True), ("path:/a/b", False)])
def test_what_a_base_brings_with_it_is_said(workspace: Path, tmp_path: Path, base: str, told: bool) -> None:
    forge("mix:basil", sources=[OURS])
    run(workspace, "core", "mix:basil", base)
    text = page(tmp_path / "out")
    assert front(text)["license"] == "other", "for the base has one of its own"
    assert front(text).get("base_model") == (["google/gemma-3-270m"] if told else None)
    assert ("google/gemma-3-270m, whose own licence and data hold" in text) == told
    assert ("a model in a folder, of whose licence and data nothing" in text) != told and "/a/b" not in text


def test_scores_stand_with_interval_verdict_and_calibration(core: Path, workspace: Path, tmp_path: Path) -> None:
    forge_scores("recast-core", {"core": (0.75, 0.7, 0.8)})
    text = page(tmp_path / "out")
    assert "| recast | fix_given | 0.750 | 0.700–0.800 | 1,000 | stands | a rule; not held against" in text
    shutil.rmtree(workspace / "scores")
    forge_scores("recast-core", {"core": (0.75, 0.7, 0.8)}, withheld="“copy” does as well as good replies")
    dimension = {"reliable_for_new_models": False, "why": "kappa 0.1"}
    calibrations = {"panel": {"dimensions": {"fix_given": dimension}}}
    records.write_json(workspace / "scores" / "recast-core" / "report.json", {"calibrations": calibrations})
    text = page(tmp_path / "out")
    assert (
        "| withheld: “copy” does as well as good replies | judge panel: not reliable for new models (kappa 0.1) |"
        in text
    )


def test_what_the_checks_found_is_a_table(core: Path, tmp_path: Path) -> None:
    found = Finding(check="stops", passed=True, asked=9, differing=1, said="<|end|> stops it | [x](http://e)")
    assert "| stops | passed | 9 | 1 | &lt;\\|end\\|&gt; stops it \\| \\[x\\](http://e) |" in page(
        tmp_path / "out", found
    )


def test_a_check_that_was_not_made_did_not_pass(core: Path, tmp_path: Path) -> None:
    text = page(tmp_path / "out", Finding.not_checked("life", "nothing is known"))
    assert "| life | not checked | 0 | 0 | not checked: nothing is known |" in text


def test_nothing_in_it_that_others_wrote_counts(workspace: Path, tmp_path: Path) -> None:
    nasty = "x](http://e) <script>\n\n# Title\n| y |"
    forge("mix:own", sources=[OURS | {"name": nasty, "licence": nasty, "conditions": nasty, "attribution": nasty}])
    run(workspace, "core", "mix:own", f"hub:{nasty}")
    text = page(tmp_path / "out")
    assert front(text)["base_model"] == [nasty] and front(text)["license"] == "other"
    body = text.split("---\n", 2)[2]
    assert "<script>" not in body and "\n# Title" not in body and not re.search(r"(?<!\\)\]\(http", body)


def test_a_regressed_run_is_exported_only_by_force(core: Path, workspace: Path) -> None:
    reasons = ["recast: lost 0.1 of fix_given"]
    write_gates(core, Gates(passed=False, regressed=True, reasons=reasons, scores={}, changes={}))
    with pytest.raises(UserError, match=r"run:core is marked \[regressed\]: recast: lost 0.1 of fix_given; --force"):
        command.main(["core", "--to", "merged"])
    assert not (workspace / "exports").exists()
    command.main(["core", "--to", "merged", "--force"])
    text = (workspace / "exports" / "out" / "core-merged" / card.NAME).read_text(encoding="utf-8")
    assert "**[regressed]**" in text and "- recast: lost 0.1 of fix_given" in text


def test_a_gamed_run_is_exported_only_by_force_and_its_card_says_what_it_exploits(core: Path, workspace: Path) -> None:
    reasons = ["proxy +0.4, true score -0.1 (-0.2 to -0.05)"]
    gamed = {"gamed": True, "exploits": ["praise | without cause: 0.9 of the gain"]}
    write_gates(core, Gates(passed=False, regressed=False, reasons=reasons, scores={}, changes={}, **gamed))
    with pytest.raises(UserError, match=r"run:core is marked \[gamed\]: proxy \+0.4, true score .*; --force"):
        command.main(["core", "--to", "merged"])
    command.main(["core", "--to", "merged", "--force"])
    text = (workspace / "exports" / "out" / "core-merged" / card.NAME).read_text(encoding="utf-8")
    assert "**[gamed]** It was trained for a reward" in text and "**[regressed]**" not in text
    assert "- It exploits: praise \\| without cause: 0.9 of the gain" in text


def test_a_variant_that_was_held_to_nothing_is_refused_too(core: Path, workspace: Path) -> None:
    begun = records.read_json(core / "run.json")
    records.write_json(core / "run.json", begun | {"command": "stage2/train.py"})
    with pytest.raises(UserError, match=r"was not held to its gates yet: python stage2/train.py --resume core does it"):
        command.main(["core", "--to", "merged"])


@pytest.mark.parametrize("form", ["core@step-000100", "runs/core/final", "runs/core/checkpoints/step-000100"])
def test_a_regressed_run_is_refused_by_whatever_name(core: Path, workspace: Path, tmp_path: Path, form: str) -> None:
    checkpoint = core / "checkpoints" / "step-000100"
    shutil.copytree(core / "final", checkpoint)
    records.write_manifest(checkpoint, {"kind": "checkpoint"}, content=("**/*",))
    write_gates(core, Gates(passed=False, regressed=True, reasons=["lost"], scores={}, changes={}))
    name = form if "@" in form else str(workspace / form)
    with pytest.raises(UserError, match=r"is marked \[regressed\]: lost; --force"):
        command.main([name, "--to", "merged"])
    assert "**[regressed]**" in page(tmp_path / "out", run=name)


@pytest.mark.parametrize(
    ("to", "how"), [("merged", "pipeline("), ("gguf", "llama-server"), ("ollama", "ollama create one")]
)
def test_it_says_how_to_use_it(core: Path, tmp_path: Path, to: str, how: str) -> None:
    assert how in page(tmp_path / "out", to=to)
