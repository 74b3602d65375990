"""Verdicts are founded, sources are judged by them, and a refusal says what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix import licences
from data_mix.licences import Judgement, Licences, attributions, judge, load, refusal
from espalier.artifacts.paths import repo_root
from espalier.command_line.config import load_file, read_yaml
from espalier.errors import UserError

RECIPES = sorted((repo_root() / "data_mix" / "recipes").glob("*.yaml"))

ENTRY = """
corpora:
  mine:
    title: Mine
    licence: MIT
    research: yes
    commercial: yes
    evidence: [{where: LICENSE, says: MIT}]
    checked: 2026-11-21
"""


def read(folder: Path, text: str) -> dict[str, Any]:
    file = folder / "licences.yaml"
    file.write_text(text, encoding="utf-8")
    return load_file(Licences, file).corpora


def test_the_file_is_read_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load.cache_clear()
    assert load()["gsm8k"].licence == "MIT"
    assert licences.licences_file().is_absolute()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_corpus_of_a_recipe_has_an_entry_and_is_within_its_policy(recipe: Path) -> None:
    data = read_yaml(recipe)
    judgements = []
    for source in data["sources"]:
        corpus = licences.CURRICULUM_CORPUS if "curriculum" in source else source.get("corpus")
        name = source.get("name", "it")
        judgements.append(
            judge(
                data.get("policy"),
                source_name=name,
                corpus=corpus,
                hub=source.get("hub"),
                licence=source.get("licence", "not stated"),
            )
        )
        assert judgements[-1].corpus is not None or source.get("licence"), name
    assert refusal(judgements, allow=data.get("allow", [])) is None


@pytest.mark.parametrize("key", load())
def test_a_verdict_can_be_cited(key: str) -> None:
    verdict = load()[key]
    assert key == licences.CURRICULUM_CORPUS or verdict.attribution or verdict.research != "yes"
    assert key == licences.CURRICULUM_CORPUS or verdict.hub or verdict.url
    assert all(re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) for name in verdict.hub)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("evidence: [{where: LICENSE, says: MIT}]", ""), "wants `evidence`"),
        (("commercial: yes", "commercial: conditions"), "which say what must be met"),
        (("research: yes", "research: no"), "never freer"),
        (("commercial: yes", "commercial: perhaps"), "perhaps"),
        (("licence: MIT", "license: MIT"), "licence"),
        (("2026-11-21", "yesterday"), "checked"),
    ],
)
def test_an_unfounded_verdict_is_refused(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    assert read(tmp_path, ENTRY)["mine"].gate == "none"
    with pytest.raises(UserError, match=complaint):
        read(tmp_path, ENTRY.replace(*change))


def test_a_hub_name_belongs_to_one_entry(tmp_path: Path) -> None:
    entry = ENTRY.removeprefix("\ncorpora:\n").replace("title: Mine", "title: Mine\n    hub: [a/b]")
    with pytest.raises(UserError, match="A/B stands in two entries, mine and other"):
        read(tmp_path, "corpora:\n" + entry + entry.replace("mine:", "other:").replace("a/b", "A/B"))


@pytest.mark.parametrize(
    ("policy", "corpus", "ok", "said"),
    [
        ("research", "gsm8k", True, "MIT allows research"),
        ("commercial", "gsm8k", True, "MIT allows commercial use"),
        ("research", "lmsys-chat-1m", True, "under conditions only: accept the agreement"),
        ("commercial", "lmsys-chat-1m", False, "under conditions only"),
        ("commercial", "alpaca", False, "does not allow commercial use"),
        ("research", "alpaca", True, "allows research"),
        (None, "alpaca", True, "CC-BY-NC-4.0"),
    ],
)
def test_a_policy_asks_for_its_own_answer(policy: licences.Policy | None, corpus: str, ok: bool, said: str) -> None:
    judgement = judge(policy, source_name="it", corpus=corpus)
    assert (judgement.ok, judgement.corpus) == (ok, corpus)
    assert said in judgement.why


def test_a_hub_name_finds_the_entry_and_a_corpus_key_goes_first() -> None:
    assert judge("research", source_name="it", hub="OpenAI/GSM8K").corpus == "gsm8k"
    assert judge("research", source_name="it", corpus="openai/gsm8k").corpus == "gsm8k"
    assert judge("research", source_name="it", corpus="alpaca", hub="openai/gsm8k").corpus == "alpaca"


def test_an_entry_outweighs_the_licence_that_a_recipe_states() -> None:
    assert not judge("commercial", source_name="it", corpus="alpaca", licence="MIT").ok


def test_a_mistyped_corpus_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"source it: corpus: 'mathdail'.*did you mean mathdial"):
        judge(None, source_name="it", corpus="mathdail")


@pytest.mark.parametrize(
    ("licence", "research", "commercial", "named"),
    [
        ("MIT", True, True, True),
        ("apache 2.0", True, True, True),
        ("CC BY-SA 4.0", True, True, True),
        ("cc-by-nc-4.0", True, False, True),
        ("CC-BY-ND-4.0", True, False, True),
        ("odc-by", True, True, True),
        ("CC0-1.0", True, True, False),
        ("my own", True, True, False),
        ("not stated", False, False, False),
        ("unknown", False, False, False),
        ("free for friends", False, False, False),
    ],
)
def test_a_source_in_no_entry_is_judged_by_its_licence(
    licence: str, research: bool, commercial: bool, named: bool
) -> None:
    found = [judge(policy, source_name="it", hub="no/such", licence=licence) for policy in ("research", "commercial")]
    assert [judgement.ok for judgement in found] == [research, commercial]
    assert all(judgement.corpus is None for judgement in found)
    assert attributions(found) == ([f"it ({licence})"] if named else [])
    assert judge(None, source_name="it", licence=licence).ok


def test_share_alike_reaches_the_card() -> None:
    assert judge("research", source_name="it", corpus="sgd").share_alike
    assert judge("research", source_name="it", licence="CC-BY-SA-4.0").share_alike
    assert not judge("research", source_name="it", licence="CC-BY-4.0").share_alike


@given(st.text(max_size=40))
def test_any_words_for_a_licence_are_judged_and_commerce_is_never_freer(licence: str) -> None:
    freedom = {policy: judge(policy, source_name="it", licence=licence).ok for policy in ("research", "commercial")}
    assert freedom["research"] or not freedom["commercial"]


def test_a_refusal_says_which_why_and_how_to_go_on() -> None:
    judgements = [
        judge("commercial", source_name="sums", corpus="gsm8k"),
        judge("commercial", source_name="tasks", corpus="alpaca"),
        judge("commercial", source_name="notes"),
    ]
    lines = (refusal(judgements) or "").splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["tasks", "notes"]
    assert "does not allow commercial use" in lines[0]
    assert "no licence is stated" in lines[1]
    assert lines[2].endswith("--allow notes tasks")
    assert (refusal(judgements, allow=["tasks"]) or "").endswith("--allow notes tasks")
    assert refusal(judgements, allow=["tasks", "notes"]) is None
    assert refusal(judgements[:1]) is None


def test_whom_to_name_stands_once_and_in_order() -> None:
    def named(attribution: str | None) -> Judgement:
        return Judgement(source="it", ok=True, why="", licence="MIT", attribution=attribution)

    assert attributions([named("b"), named(None), named("a"), named("b")]) == ["b", "a"]
