"""Arms beside a baseline: what is run, what is compared, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load_file, to_dict
from espalier.errors import UserError
from research.bootstrap import experiment
from research.bootstrap.experiments.comparing import differences, of_bands
from research.bootstrap.experiments.config import BASELINE, LEVERS, Experiment, ExperimentOptions, arms_of
from research.bootstrap.experiments.outcomes import FIGURES, Outcome, read
from research.bootstrap.experiments.page import drawn, written

NAMES = sorted(path.stem for path in LEVERS.glob("*.yaml"))
OPTIONS = ExperimentOptions()


def made(name: str, shares: list[float], tokens: int = 1000, config: Mapping[str, object] | None = None) -> None:
    """A loop whose rounds came to these shares of good turns, in every band but the last, where nothing is good."""
    folder = artifact("loops", name)
    for number, share in enumerate(shares):
        exam = {
            "bands": [{"share": share if band < 7 else 0.0, "passed": False} for band in range(8)],
            "minimal_pairs": {"share": share},
            "floor": None,
            "identity": {"Basil": {"own_name": share}, "Sophie": {"own_name": 0.1}},
        }
        records.write_json(artifact("corpora", f"{name}-r{number:02d}-exam") / "exam.json", exam)
        found = {"number": number, "exam": f"{name}-r{number:02d}-exam", "trained_tokens": tokens, "next_band": 3,
                 "through": False, "scores": [1, 0, 0, 3, 0, 0, 0, 0]}  # fmt: skip
        records.write_json(folder / "exams" / f"r{number:02d}.json", found)
        records.append_jsonl(folder / "times.jsonl", {"step": f"{name}-r{number:02d}-trunk", "seconds": 60.0})
    records.write_json(folder / "loop.json", {"config": dict(config or {"width": 1}), "milestones": {"sha256": "m"}})
    records.write_manifest(folder, {"kind": "loop", "name": name, "parents": {}}, content=("exams/*.json",))


def of_three(arm: str, width: int = 1) -> dict[int, Outcome]:
    """What an arm's loops of three seeds came to."""
    return {seed: read(f"l-{arm}-s{seed}", {"width": width}, "m") for seed in range(3)}


@pytest.mark.parametrize("name", NAMES)
def test_every_lever_asks_for_loops_that_there_can_be(name: str) -> None:
    lever = load_file(Experiment, LEVERS / f"{name}.yaml")
    listening, loops = experiment.loops_of({name: lever})
    assert len(loops) == 3 * (1 + len(lever.arms)) and len(listening) == 3
    assert loops[f"lever-{BASELINE}-s2"].config.begin_from == "lever-listening-s2"
    alone = {loop.arm for loop in loops.values() if loop.config.begin_from is None}
    assert alone == (set(lever.arms) if name in ("identity", "order", "width") else set()), "it listens otherwise"


def test_levers_of_one_page_share_a_baseline_and_no_arm() -> None:
    levers, options = experiment.asked_for(["staging", "weights", "--seeds", "2", "--jobs", "3"])
    assert [*levers] == ["staging", "weights"] and options.jobs == 3
    assert [*arms_of(levers)] == ["staged", "exponential", "dynamic"]
    assert len(experiment.loops_of(levers)[1]) == 2 * 4
    one = Experiment(question="?", arms={"off": {"staging": False}})
    with pytest.raises(UserError, match="b: its arm off is another lever's too"):
        arms_of({"a": one, "b": one})
    with pytest.raises(UserError, match="a, b: are of different loops or seeds"):
        arms_of({"a": one, "b": one.model_copy(update={"seeds": 2})})


def test_an_arm_with_a_key_that_no_loop_has_is_refused() -> None:
    with pytest.raises(UserError, match="stagin"):
        experiment.loops_of({"a": Experiment(question="?", arms={"other": {"stagin": False}})})
    for name in (BASELINE, "listening"):
        with pytest.raises(ValueError, match="changes a key"):
            Experiment(question="?", arms={name: {"staging": False}})


def test_arms_are_paired_by_seed_and_many_of_them_are_corrected_for(workspace: Path, tmp_path: Path) -> None:
    for seed, base in enumerate((0.2, 0.4, 0.6)):
        made(f"l-{BASELINE}-s{seed}", [0.1, base])
        made(f"l-up-s{seed}", [0.1, base + 0.1 + 0.001 * seed])
        made(f"l-same-s{seed}", [0.1, base + 0.01 * (seed - 1)], tokens=2000)
    with pytest.raises(UserError, match="is another than this experiment asks for .*width"):
        of_three("up", width=2)
    found = {arm: of_three(arm) for arm in (BASELINE, "up", "same")}
    rows = {(each.arm, each.figure): each for each in differences(found, BASELINE)}
    up, same = rows["up", "good"], rows["same", "good"]
    assert up.baseline == pytest.approx(0.4 * 7 / 8) and up.value == pytest.approx(0.101 * 7 / 8)
    assert 0.08 < up.low < up.high < 0.1  # though the seeds themselves lie far apart
    assert up.p < up.p_corrected == pytest.approx(2 * up.p)
    assert same.low < 0 < same.high
    alone = {
        (each.arm, each.figure): each for each in differences({arm: found[arm] for arm in (BASELINE, "up")}, BASELINE)
    }
    assert alone["up", "good"].p_corrected == up.p, "one arm is not many"
    assert [each.value for each in of_bands(found, BASELINE)["up"]] == pytest.approx([0.101] * 7 + [0.0])
    levers = {
        "a": Experiment(question="What <now>?", arms={"up": {"staging": False}}),
        "b": Experiment(question="And then?", arms={"same": {"identity": False}}),
    }
    page = "\n\n".join(written(levers, found, {}, [drawn(levers["a"], found, tmp_path / "page.png").name]))
    assert "not equal: same" in page and "<now>" not in page and "And then?" in page
    assert "0.501: +0.101 (+0.099 to +0.103)" in page and "Not corrected" in page, "by band"
    assert "| same | 3 | 0.00 | 200.0% | 2:00 |" in page, "tokens and time"
    assert "corrected for the 2 arms of this page" in page and "issing" not in page
    assert (tmp_path / "page.png").stat().st_size > 5000


def test_a_name_that_is_copied_from_before_a_turn_is_no_identity(workspace: Path) -> None:
    made("l-one-s0", [0.7])
    assert FIGURES["name"][1](read("l-one-s0", {"width": 1}, "m")) == pytest.approx(0.7 - 0.1)


def test_what_fails_stops_nothing_and_the_page_tells_the_rest_and_what_is_missing(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lever = Experiment(question="?", arms={"off": {"staging": False}, "wide": {"model.width": 64}}, seeds=2)
    listening, arms = experiment.loops_of({"a": lever})
    failing = ["espalier/__main__.py", "no-such-command"]
    milestones = records.sha256_file(arms["lever-baseline-s0"].config.milestones)

    def complete(name: str) -> None:
        made(name, [0.1, 0.2 if "baseline" in name else 0.4], config=to_dict({**listening, **arms}[name].config))
        begun = artifact("loops", name) / "loop.json"
        records.write_json(begun, {**records.read_json(begun), "milestones": {"sha256": milestones}})

    for name in ("lever-listening-s0", "lever-baseline-s0", "lever-baseline-s1", "lever-off-s0"):
        complete(name)
    begun = list[str]()
    broken = tuple(
        {name: loop._replace(command=[*failing, name]) for name, loop in loops.items()} for loops in (listening, arms)
    )
    monkeypatch.setattr(experiment, "loops_of", lambda levers: broken)
    monkeypatch.setattr(experiment, "asked_for", lambda argv: ({"a": lever}, OPTIONS.model_copy(update={"page": page})))
    page = tmp_path / "found.md"
    with pytest.raises(UserError, match="lever-off-s1 is not complete(.|\n)*lever-wide-s1 is not complete"):
        experiment.main([])
    said = capsys.readouterr().out
    begun = [line.partition(":")[0] for line in said.splitlines() if "FAILED with exit code 2" in line]
    assert "6 loops, 3 of them complete" in said
    assert begun == ["lever-listening-s1", "lever-wide-s0", "lever-wide-s1"], (
        "without its listening an arm is not begun"
    )
    text = page.read_text()
    assert "Missing: 3 of 6 loops" in text and "loop lever-wide-s0 is not complete" in text
    assert "| off | 1 |" in text and "0.350; missing" in text and "| wide |" not in text
    assert "the seeds tell none" in text and (tmp_path / "found.png").is_file()


def test_a_page_is_written_where_the_experiment_is_stopped_or_nothing_is_there(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(levers: object, options: object) -> None:
        raise SystemExit(143)

    monkeypatch.setattr(experiment, "run_arms", stopped)
    with pytest.raises(SystemExit):
        experiment.main(["staging", "weights", "--seeds", "1", "--page", str(tmp_path / "found.md")])
    text = (tmp_path / "found.md").read_text()
    assert "# 2 levers" in text and "Missing: 4 of 4 loops" in text and "## Arms" not in text


def test_what_is_complete_is_not_run_again(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lever = Experiment(question="?", arms={"off": {"staging": False}}, seeds=1)
    for arm in (BASELINE, "off"):
        made(f"lever-{arm}-s0", [0.1])
    experiment.run_arms({"a": lever}, OPTIONS)
    assert capsys.readouterr().out == "2 loops, 2 of them complete\n", "nor what they would begin from"
