"""Minimal pairs that a mix's rows cannot have given away."""

from data_mix.curriculum.heldout import held_out
from data_mix.curriculum.pairs import PHENOMENA, held_out_pairs
from data_mix.curriculum.words import lexicon


def test_pairs_are_about_what_is_held_out() -> None:
    found = held_out_pairs(6)
    assert list(found) == list(PHENOMENA) and found == held_out_pairs(6) != held_out_pairs(6, seed=1)
    kept = held_out(0, 0.05, 0.05).pairs
    verbs = {verb.base: verb for verb in lexicon().verbs}
    nouns = {noun.singular: noun for noun in lexicon().nouns}

    def is_held_out(sentence: str) -> bool:
        said = set(sentence.rstrip(".").lower().split())
        return any(
            said & set(" ".join(verbs[verb].forms).split()) and said & set(" ".join(nouns[noun].forms).lower().split())
            for verb, noun in kept
        )

    for pairs in found.values():
        assert len(set(pairs)) == 6 and all(good != bad and is_held_out(good) for good, bad in pairs)
