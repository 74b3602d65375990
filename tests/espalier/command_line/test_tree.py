"""Lineage drawn as a tree: every artifact once, whatever the manifests say."""

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from espalier.artifacts import registry
from espalier.artifacts.gates import Gates, write_gates
from espalier.artifacts.paths import artifact
from espalier.artifacts.rounds import Round
from espalier.command_line.tree import draw
from tests.espalier.artifacts.forge import SAID, content_hash, forge, forge_scores


@pytest.fixture(autouse=True)
def say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mixes and judges without a word: the lines are what is tested here."""
    monkeypatch.setitem(SAID, "mix", {})
    monkeypatch.setitem(SAID, "run", {"summary": {}})
    monkeypatch.setitem(SAID, "scores", {"decides": "recast", "headline": {"core": 0.75}})


def drawn(around: str | None = None, *, boxes: bool = True) -> str:
    known = {each.spec: each for each in registry.survey()}
    return "\n".join(draw(known, around=around, boxes=boxes)) + "\n"


def text(lines: str) -> str:
    return textwrap.dedent(lines).lstrip("\n")


def test_ancestors_stand_above_descendants_of_all_kinds() -> None:
    forge("corpus:talk", "openai:m@http://host/v1")
    forge("mix:basil", "corpus:talk")
    forge("run:trunk", "mix:basil")
    forge("run:core", "run:trunk", "mix:basil")
    forge("run:qwen", "hub:owner/model", "mix:basil")
    forge("scores:s", "run:trunk", "run:core", "mix:basil")
    assert drawn() == text("""
        openai:m@http://host/v1
        └── corpus:talk  950 dialogues of 1,000 asked for, by qwen3-8b
            └── mix:basil
                ├── run:trunk
                │   └── run:core
                │       └── scores:s  recast, 1,000 cases, recast: core 0.75
                └── run:qwen
        hub:owner/model
        └── run:qwen  (above)
    """)
    assert drawn("run:core", boxes=False) == text("""
        openai:m@http://host/v1
        `-- corpus:talk  950 dialogues of 1,000 asked for, by qwen3-8b
            `-- mix:basil
                `-- run:trunk
                    `-- run:core  <--
                        `-- scores:s  recast, 1,000 cases, recast: core 0.75
    """)


def test_beside_a_run_stands_what_decided_and_below_it_its_exports() -> None:
    forge("run:core")
    forge("run:variant", "run:core")
    forge_scores("recast", {"core": (0.75, 0.7, 0.8), "variant": (0.5, 0.4, 0.6)}, withheld="canned (0.9)")
    forge("export:variant-gguf-q8_0", "run:variant")
    lost = Gates(passed=False, regressed=True, reasons=["recast: lost 0.25"], scores={}, changes={}, gamed=True)
    write_gates(artifact("runs", "variant"), lost)
    assert drawn() == text("""
        run:core  recast: fix_given 0.75 (0.7–0.8), verdict withheld
        └── run:variant  [regressed] [gamed]  recast: fix_given 0.5 (0.4–0.6), verdict withheld
            ├── scores:recast  recast, 1,000 cases, fix_given: core 0.75  variant 0.5, verdict withheld
            └── export:variant-gguf-q8_0  gguf q8_0, 0.0 MB, not verified
    """)


def test_parents_that_are_gone_or_changed_are_marked() -> None:
    forge("mix:basil")
    forge("run:core", "mix:basil", "run:gone")
    forge("run:half", "run:core", complete=False)
    manifest = Path(f"{registry.survey()[0].folder}/manifest.json")
    manifest.write_text(manifest.read_text().replace(content_hash("mix:basil"), "f" * 64))
    assert drawn() == text("""
        mix:basil
        └── run:core  (mix:basil has changed since)
            └── run:half  [interrupted]
        run:gone  (gone)
        └── run:core  (above)
    """)


def test_circles_end() -> None:
    forge("run:self", "run:self")
    forge("run:egg", "run:hen")
    forge("run:hen", "run:egg")
    forge("run:core", "run:hen")
    lines = drawn().splitlines()
    assert {"run:self", "run:egg", "run:hen", "run:core"} <= {word for line in lines for word in line.split()}
    assert len(lines) < 12
    for spec in ("run:self", "run:egg", "run:core"):
        assert spec in drawn(spec)


def test_rounds_of_a_loop_stand_below_it_one_after_the_other() -> None:
    forge("mix:basil")
    forge("run:core", "mix:basil")
    before = "run:core"
    for number in (1, 2):
        names = {part: Round(loop="grow", number=number, part=part) for part in ("mix", "core", "scores")}
        mix, core, scores = (f"{kind}:{names[part].name}" for kind, part in
                             (("mix", "mix"), ("run", "core"), ("scores", "scores")))  # fmt: skip
        forge(mix, before, round=names["mix"].facts)
        forge(core, mix, before, round=names["core"].facts)
        forge(scores, core, before, "mix:basil", round=names["scores"].facts)
        before = core
    assert drawn() == text("""
        mix:basil
        └── run:core
            └── loop grow
                ├── loop grow, round 1
                │   └── mix:grow-r01-mix
                │       └── run:grow-r01-core
                │           └── scores:grow-r01-scores  recast, 1,000 cases, recast: core 0.75
                └── loop grow, round 2
                    └── mix:grow-r02-mix
                        └── run:grow-r02-core
                            └── scores:grow-r02-scores  recast, 1,000 cases, recast: core 0.75
    """)
    assert "loop grow, round 2" in drawn("run:grow-r01-core")


def test_a_long_chain_is_drawn() -> None:
    forge("run:r0")
    (first,) = registry.survey()
    chain = [replace(first, name=f"r{n}", parents={f"run:r{n - 1}": ""} if n else {}) for n in range(1200)]
    assert len(list(draw({each.spec: each for each in chain}))) == 1200


def test_what_a_manifest_says_does_nothing_to_a_terminal() -> None:
    forge("run:core", "hub:\x1b[2Jevil\n\u202eowner/" + "x" * 5000)
    lines = drawn().splitlines()
    assert lines[0].startswith(r"hub:\x1b[2Jevil\n\u202eowner/xxx") and len(lines[0]) < 200
    assert len(lines) == 2
