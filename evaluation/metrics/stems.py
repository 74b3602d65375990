"""Words made comparable: "apples" and "apple", "tried" and "try", "went" and "go", "camión" and "camion"."""

from __future__ import annotations

from functools import lru_cache

from evaluation.quantities.spelled import without_accents

# The irregular words of everyday English, forms before their base; what no rule of endings can undo.
_IRREGULAR = """
am is are was were been being: be; has had having: have; does did done doing: do; goes went gone going: go; saw seen:
see; came: come; took taken: take; gave given: give; made: make; got gotten: get; knew known: know; thought: think;
told: tell; said: say; found: find; left: leave; felt: feel; kept: keep; brought: bring; bought: buy; caught: catch;
taught: teach; sold: sell; stood: stand; understood: understand; lost: lose; met: meet; paid: pay; sent: send; spent:
spend; built: build; ran: run; sat: sit; slept: sleep; spoke spoken: speak; ate eaten: eat; drank drunk: drink; drove
driven: drive; wrote written: write; rode ridden: ride; broke broken: break; chose chosen: choose; fell fallen: fall;
flew flown: fly; forgot forgotten: forget; grew grown: grow; heard: hear; held: hold; swam swum: swim; sang sung:
sing; threw thrown: throw; wore worn: wear; won: win; woke woken: wake; began begun: begin; became: become; drew
drawn: draw; fought: fight; led: lead; meant: mean; rose risen: rise; shook shaken: shake; stole stolen: steal;
children: child; men: man; women: woman; people: person; feet: foot; teeth: tooth; mice: mouse; geese: goose; knives:
knife; lives: life; leaves: leaf; wolves: wolf; halves: half; better best: good; worse worst: bad
"""
_BASE = {
    form: base.strip()
    for entry in _IRREGULAR.replace("\n", " ").split(";")
    for forms, base in [entry.split(":")]
    for form in forms.split()
}
_VOWELS = frozenset("aeiouy")
_MIN_STEM = 3


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """What is left of a word in lower case without accents and its commonest endings; no linguist's lemma.

    Two forms of a word are meant to come out equal, and seldom two words. The endings are those of English; then goes
    a last vowel, which in Romance languages is often all that tells number, gender and person apart.
    """
    word = _BASE.get(word, word)
    word = without_accents(word)
    if not word.isalpha():
        return word
    word = _without_ending(word)
    return word[:-1] if word[-1] in "aeoy" and len(word) > _MIN_STEM else word


def _without_ending(word: str) -> str:
    if word.endswith(("ies", "ied")) and len(word) > _MIN_STEM + 1:
        return f"{word[:-3]}y"
    for ending in ("ing", "ed"):
        left = word.removesuffix(ending)
        if left != word and len(left) >= _MIN_STEM and not _VOWELS.isdisjoint(left):
            # "stopped", "running": the doubled letter goes too; not that of "telling", "passed".
            return left[:-1] if len(left) > _MIN_STEM and left[-1] == left[-2] and left[-1] not in "ls" else left
    for ending in ("es", "s"):
        left = word.removesuffix(ending)
        if left != word and len(left) >= _MIN_STEM and not word.endswith("ss"):
            return left
    return word
