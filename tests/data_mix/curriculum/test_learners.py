"""Dialogues for one kind of learner: as well known as the core's, and apart from them."""

import hashlib
import json
import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_mix.curriculum import CurriculumConfig, bars, generate, heldout, lint, parses_reply
from data_mix.curriculum.chooser import derivations
from data_mix.curriculum.clauses import FRAMES
from data_mix.curriculum.learners import learner
from data_mix.curriculum.mistakes import L2_MISTAKES, MISTAKES
from data_mix.curriculum.switches import SWITCHES
from data_mix.curriculum.words import lexicon
from data_mix.curriculum.write import SPLITS, _write, program
from data_mix.language.teaching import grammar_named
from data_mix.mixing.manifest import held_out
from data_mix.recipe import Recipe
from espalier.artifacts.paths import repo_root
from espalier.text.rows import Row

KINDS = ("l2", "heritage")
CONFIGS = {kind: CurriculumConfig(learner=kind, sessions=0, held_out_rows=1) for kind in KINDS}
HELD = heldout(CurriculumConfig(), 0)
ROWS = {kind: list(generate(CONFIGS[kind], "dialogue", "train", 3000, seed=0)) for kind in KINDS}


def turns(row: Row) -> list[tuple[str, str, dict]]:
    said = [message["content"] for message in row.messages if message["role"] == "user"]
    replies = [message["content"] for message in row.messages if message["role"] == "assistant"]
    return list(zip(said, replies, row.meta["turns"], strict=True))


def all_turns(kind: str) -> list[tuple[str, str, dict]]:
    return [turn for row in ROWS[kind] for turn in turns(row)]


def holds(text: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(words)}\b", text, re.IGNORECASE) is not None


@settings(max_examples=30, deadline=None)
@given(index=st.integers(0, 10**6), kind=st.sampled_from(KINDS), split=st.sampled_from(sorted(SPLITS)))
def test_every_row_reads_back_in_exactly_one_way_and_with_its_probability(index: int, kind: str, split: str) -> None:
    row = _write("dialogue", split, 0, HELD, kind, index)
    target = [(message["role"], message["content"]) for message in row.messages]
    assert list(derivations(program("dialogue", split, HELD, kind), target)) == [pytest.approx(row.log2_prob, abs=1e-6)]


def test_the_words_fit_the_rules() -> None:
    words = lexicon()
    assert set(L2_MISTAKES) == set(words.l2["own"]) and not set(L2_MISTAKES) & set(MISTAKES)
    assert set(SWITCHES) == set(words.heritage["switches"])
    assert set(words.l2["words"]) == {change.name for change in learner("l2").changes}
    for name, entry in words.l2["words"].items():
        assert all(len(entry[part]) >= 2 for part in ("rules", "spanish", "asks")), name
    for change in (*L2_MISTAKES.values(), *SWITCHES.values()):
        assert set(change.frames) <= set(FRAMES)


def test_each_word_of_the_curriculum_has_one_spanish_word_and_no_other_has_it() -> None:
    spanish = lexicon().spanish
    said = [*spanish["nouns"].values(), *spanish["verbs"].values()]
    assert len(set(said)) == len(said) and len(spanish["nouns"]) > 100 and len(spanish["verbs"]) > 40
    assert all(noun.startswith(("el ", "la ")) for noun in spanish["nouns"].values())
    assert all(verb.endswith(("ar", "er", "ir", "ír")) for verb in spanish["verbs"].values())
    same = [word for word, means in spanish["nouns"].items() if means.partition(" ")[2] == word]
    assert not same, "a word that both languages share is no switch"
    assert not [verb.base for verb in lexicon().verbs if verb.spanish and verb.preposition]


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_of_training_holds_what_is_held_out_for_anybody(kind: str) -> None:
    for row in ROWS[kind]:
        made = {(turn["verb"], turn["object"], turn["change"]) for turn in row.meta["turns"] if turn["change"]}
        assert made.isdisjoint(HELD.triples) and {made[:2] for made in made}.isdisjoint(HELD.pairs)
    for row in generate(CONFIGS[kind], "dialogue", "unseen_triples", 200, seed=0):
        made = {(turn["verb"], turn["object"], turn["change"]) for turn in row.meta["turns"] if turn["change"]}
        assert made and made <= HELD.triples
    for row in generate(CONFIGS[kind], "dialogue", "unseen_pairs", 200, seed=0):
        assert {(turn["verb"], turn["object"]) for turn in row.meta["turns"] if turn["change"]} <= HELD.pairs


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_the_cores_rows_and_hold_outs_are_what_they_were_before_there_were_other_learners() -> None:
    core = sorted(list(triple) for triple in HELD.triples if triple[2] in MISTAKES)
    assert digest(json.dumps([sorted(map(list, HELD.pairs)), core])) == "f2f260203a6a731a"
    for kind, pinned in (("session", "f015f437d8432983"), ("dialogue", "db380951ffdeba05")):
        messages = (
            message for row in generate(CurriculumConfig(), kind, "train", 300, seed=0) for message in row.messages
        )
        assert digest("\n".join(f"{message['role']}: {message['content']}" for message in messages)) == pinned


def test_another_kind_of_learner_has_rows_of_its_own() -> None:
    ids = {row.id for kind in KINDS for row in ROWS[kind]}
    assert len(ids) == sum(map(len, ROWS.values())) and "curriculum/l2/dialogue/train/000000" in ids


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_about_a_turn_is_true_of_its_text(kind: str) -> None:
    for said, reply, turn in all_turns(kind):
        assert turn["learner"].rstrip(".").lower() in said.lower(), turn
        if turn["rule"] == "must":
            assert holds(reply, turn["corrected"])
        if turn["rule"] == "must_not":
            assert not holds(reply, turn["corrected"]) and not holds(reply, turn["fix"]), (reply, turn)
        if turn["change"]:
            assert not holds(turn["learner"], turn["corrected"]) and holds(turn["corrected"], turn["fix"])


def test_a_switch_is_no_mistake_its_words_are_told_and_the_tutor_takes_them_up() -> None:
    switched = [turn for turn in all_turns("heritage") if turn[2]["change"]]
    assert {turn["change"] for *_, turn in switched} == set(SWITCHES)
    for _, reply, turn in switched:
        assert turn["error"] == "" and turn["switched"]
        for word, means in turn["switched"]:
            assert (
                holds(turn["learner"], word) and holds(turn["corrected"], means) and not holds(turn["learner"], means)
            )
            if turn["asked"]:
                assert holds(reply, word), "the learner's own word is said"
            if turn["asked"] == "affirm":
                assert holds(reply, means)
            if turn["asked"] == "mean":
                assert holds(reply, means) or reply.endswith("?") or "You know both" in reply
    assert {turn["asked"] for *_, turn in switched} == {"", "mean", "affirm"}
    assert not [turn for *_, turn in all_turns("heritage") if turn["switched"] and not turn["change"]]


def test_a_noun_is_switched_with_the_article_and_the_owner_of_its_gender() -> None:
    said = " ".join(turn["learner"] for *_, turn in all_turns("heritage"))
    assert re.search(r"\b(una|la|mi|nuestra|su) manzana\b", said) and not re.search(
        r"\b(un|el|nuestro) manzana\b", said
    )
    assert re.search(r"\b(un|el|mi|nuestro|su) libro\b", said) and not re.search(r"\b(una|la|nuestra) libro\b", said)
    assert not re.search(r"\b(an?|the|my|our|his|her|some) (manzana|libro|leche|llave)\b", said)


def test_who_is_asked_to_explain_names_grammar_and_who_is_not_does_not() -> None:
    named = {True: [], False: []}
    for _, reply, turn in all_turns("l2"):
        if turn["change"]:
            named[turn["asked"] == "explain"].append(bool(grammar_named(reply)))
    # Now and then what is talked about is an article in a newspaper.
    assert sum(named[True]) / len(named[True]) > 0.9 and sum(named[False]) / len(named[False]) < 0.02


def test_mistakes_of_other_languages_are_not_made_and_those_that_spanish_explains_are() -> None:
    made = {turn["error"] for *_, turn in all_turns("l2")} - {""}
    assert made == {change.name for change in learner("l2").changes}
    assert {"subject_dropped", "double_negative"} < made and "verb_second" not in made
    dropped = [turn for *_, turn in all_turns("l2") if turn["error"] == "subject_dropped"]
    assert all(
        turn["corrected"].startswith("you ") and not holds(turn["learner"].split(",")[0], "I") for turn in dropped
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_bars_are_cleared_and_a_canned_reply_is_refused(kind: str) -> None:
    assert [finding.name for finding in lint(ROWS[kind], kind) if not finding.ok] == []
    canned = "Both of your languages are yours. In Spanish it is different. Can you tell me more?"
    told = [
        replace(row, messages=[{**m, "content": canned} if m["role"] == "assistant" else m for m in row.messages])
        for row in ROWS[kind]
    ]
    assert {finding.name for finding in lint(told, kind) if not finding.ok} >= {
        "distinct tutor replies / replies",
        "replies that take up a content word of the learner's",
        "replies that must hold the corrected form and do",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_tutors_reply_parses_under_the_grammar_of_its_own_learner_alone(kind: str) -> None:
    named = (row for row in generate(CONFIGS[kind], "dialogue", "unseen_pairs", 60, seed=0) if len(row.messages) == 3)
    for row in list(named)[:6]:
        before, reply = row.messages[:-1], row.messages[-1]["content"]
        assert parses_reply(before, reply, kind) and not parses_reply(before, reply)
        assert not parses_reply(before, reply + " Good bye.", kind)


def test_sessions_are_for_everybody() -> None:
    with pytest.raises(ValidationError, match="sessions: there are none for the learner heritage; set sessions: 0"):
        CurriculumConfig(learner="heritage")


def recipe(kind: str) -> dict:
    return yaml.safe_load((repo_root() / "data_mix" / "recipes" / f"basil-{kind}.yaml").read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_variant_replays_is_the_cores_own_and_what_its_mix_holds_out_nobody_trains_on(kind: str) -> None:
    written = recipe(kind)
    own, replay = (source["curriculum"] for source in written["sources"])
    assert own["learner"] == kind and "learner" not in replay and replay["held_out_rows"] == 0
    # As many rows as there are: the share is no draw, and so the rows are the core's first.
    shares = [source["share"] for source in written["sources"]]
    assert own["dialogues"] * shares[1] == replay["dialogues"] * shares[0]
    found = held_out(Recipe.model_validate(written))
    assert found == {"pairs": sorted(map(list, HELD.pairs)), "triples": sorted(map(list, HELD.triples))}
    replay["held_out_pairs"] = 0.1
    fewer = held_out(Recipe.model_validate(written))
    assert 0 < len(fewer["pairs"]) < len(found["pairs"]), "held out by one of two sources is not held out"


def test_the_bars_are_told_of_every_curriculum_of_a_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "NUM_DIALOGUES", 1500)
    findings = bars.clear_bars(Recipe.model_validate(recipe("heritage")))
    assert len(findings) == 18 and len({finding.name for finding in findings}) == 18
    assert {finding.name.partition(": ")[0] for finding in findings} == {"heritage", "replay"}
