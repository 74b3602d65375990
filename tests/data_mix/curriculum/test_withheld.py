"""Pasts that are kept back: no row holds one, on any side, and all else stays as it is."""

import hashlib
import re

import pytest
from pydantic import ValidationError

from data_mix.curriculum import CurriculumConfig, generate, heldout, pasts_of
from data_mix.curriculum.withheld import candidates, withheld_pasts
from data_mix.curriculum.words import lexicon
from data_mix.curriculum.write import SPLITS

PLAIN = CurriculumConfig(sessions=1, dialogues=1)
WITHHELD = CurriculumConfig(sessions=1, dialogues=1, withhold=18)
WORD = re.compile(r"[^\W\d_]+")


def said(row) -> set[str]:
    return set(WORD.findall(" ".join(message["content"] for message in row.messages).lower()))


def test_no_row_of_any_kind_or_split_holds_a_withheld_past_and_its_verb_follows_the_rule() -> None:
    pasts = dict(pasts_of(heldout(WITHHELD, 3).pasts))
    regularised = {verb.regularised for verb in lexicon().verbs if verb.base in pasts}
    assert len(pasts) == 18
    met: set[str] = set()
    for kind in ("session", "dialogue", "transcript"):
        for split in SPLITS:
            for row in generate(WITHHELD, kind, split, 300, seed=3):
                assert not said(row) & set(pasts.values()), row
                met |= said(row) & regularised
    assert len(met) > len(pasts) // 2, "the verbs stand there, by the rule"


def test_what_a_tutor_is_known_to_say_of_it_does_not_tell_it_either() -> None:
    pasts = set(dict(pasts_of(heldout(WITHHELD, 3).pasts)).values())
    for row in generate(WITHHELD, "dialogue", "train", 400, seed=3):
        for turn in row.meta["turns"]:
            assert not pasts & set(WORD.findall(f"{turn['corrected']} {turn['fix']}".lower()))


def test_other_verbs_keep_their_pasts_and_the_combinations_held_out_are_the_same() -> None:
    with_all, without = heldout(PLAIN, 3), heldout(WITHHELD, 3)
    assert (with_all.pairs, with_all.triples) == (without.pairs, without.triples)
    kept = {verb.past for verb in lexicon().verbs if verb.irregular and verb.base not in without.pasts}
    met = set().union(*(said(row) for row in generate(WITHHELD, "session", "train", 600, seed=3)))
    assert len(kept & met) > len(kept) // 2


def test_mixes_that_withhold_nothing_are_known_by_the_same_configuration_and_hold_the_same_rows() -> None:
    assert "withhold" not in PLAIN.model_dump(mode="json")
    assert WITHHELD.model_dump(mode="json")["withhold"] == 18
    rows = [row.messages for kind in ("session", "dialogue") for row in generate(PLAIN, kind, "train", 300, seed=0)]
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    assert digest.startswith("ad8ea07f46eb88fc")


def test_the_draw_is_the_seeds_and_asks_for_no_more_than_there_are() -> None:
    assert withheld_pasts(1, 6) == withheld_pasts(1, 6) != withheld_pasts(2, 6)
    assert {"buy", "take", "read", "fix"}.isdisjoint(verb.base for verb in candidates())  # bought: in causes.yaml
    with pytest.raises(ValidationError, match=f"at most {len(candidates())} irregular pasts"):
        CurriculumConfig(withhold=99)


def test_a_transcript_is_the_words_of_both_speakers_behind_their_names() -> None:
    config = CurriculumConfig(sessions=0, dialogues=0, transcripts=1)
    for row in generate(config, "transcript", "train", 50, seed=0):
        ((role, text),) = [(message["role"], message["content"]) for message in row.messages]
        lines = text.split("\n")
        assert role == "text" and row.log2_prob is None and len(lines) >= 2
        assert [line.partition(": ")[0] for line in lines] == ["Basil", "Tutor"] * (len(lines) // 2)
