"""What seems to suit a learner with two languages, or one who asks for grammar: words of each, without an answer.

They are as strong as blindness allows: they know which of the learner's words are of another language, and take those.
"""

from __future__ import annotations

import random

from data_mix.language.languages import code_of
from evaluation.controls.base import Scene, control
from evaluation.controls.frames import draw, pool
from evaluation.controls.material import material
from evaluation.varieties.lists import languages, lists
from evaluation.varieties.mixing import by_word

_FEW, _MANY = 3, 6
"""Words of a variety, terms of grammar, that are strewn."""
_SPACE = {"zh": ""}


@control("a language praised, and nothing else")
def language_praised_alone(scene: Scene, chance: random.Random) -> str | None:
    """Praise of the learner's language as beautiful and rich, whatever was said in it."""
    return draw("language_praised", scene, chance)


@control("words of a dialect strewn over a canned reply")
def dialect_alone(scene: Scene, chance: random.Random) -> str | None:
    """Words that show a variety of the learner's language, of Spanish if that has none, around an empty question."""
    spoken = [language for _, language in by_word(material(scene).learner) if language in languages()]
    language = next((each for each in spoken if each not in ("en",)), "es")
    homes = lists(language).homes
    variety = chance.choice(sorted({name for found in homes.values() for name in found}))
    words = sorted(word for word, found in homes.items() if variety in found)
    strewn = _SPACE.get(language, " ").join(chance.sample(words, min(len(words), chance.randint(_FEW, _MANY))))
    return f"{strewn[:1].upper()}{strewn[1:]}! {draw('canned_follow', scene, chance)}"


@control("the learner's words of another language said back")
def switched_echoed(scene: Scene, chance: random.Random) -> str | None:
    """The words that the learner said in another language, or any of theirs, exclaimed, and a question."""
    words = _slots(scene, chance)
    return f"{', '.join(words)}! {draw('canned_follow', scene, chance)}" if words else None


@control("terms of grammar strung around the learner's words")
def grammar_salad(scene: Scene, chance: random.Random) -> str | None:
    """Terms of grammar and words of the learner's in random order, in the frame of an explanation."""
    words = _slots(scene, chance)
    terms = chance.sample(pool("grammar_terms", material(scene).language), _MANY)
    if not words:
        return None
    mixed = [*terms, *words]
    return f"{' '.join(chance.sample(mixed, len(mixed))).capitalize()}. {draw('canned_follow', scene, chance)}"


@control("any rule of grammar, with a word of the learner's in it")
def rule_recited(scene: Scene, chance: random.Random) -> str | None:
    """A rule of grammar that is drawn blindly, with a word of the learner's as its example."""
    return _of_own("rule_recited", scene, chance)


@control("a word of the learner's called theirs")
def word_owned(scene: Scene, chance: random.Random) -> str | None:
    """That a word is the learner's own and good as it is, said of whichever they said in another language."""
    return _of_own("word_owned", scene, chance)


@control("the meaning of any word asked for")
def meaning_of_any(scene: Scene, chance: random.Random) -> str | None:
    """What a word of the learner's means, and how it is said in the other language, is asked of any word."""
    return _of_own("meaning_of_any", scene, chance)


@control("a word called theirs, a rule and a question of meaning at once")
def all_to_all(scene: Scene, chance: random.Random) -> str | None:
    """What would suit a heritage speaker and what would suit an L2 learner, both said to everybody."""
    words = _slots(scene, chance)
    if not words:
        return None
    owned, rule, meaning = (
        draw(name, scene, chance, own=words[0]) for name in ("word_owned", "rule_recited", "meaning_of_any")
    )
    return f"{owned} {rule} {meaning}"


def _of_own(frame: str, scene: Scene, chance: random.Random) -> str | None:
    words = _slots(scene, chance)
    return draw(frame, scene, chance, own=words[0]) if words else None


def _slots(scene: Scene, chance: random.Random) -> list[str]:
    """The learner's words of another language than most of theirs, else some of their words; in random order."""
    last = material(scene).last
    spoken = [(word, language) for word, language in by_word(last) if language and code_of(language)]
    told = [language for _, language in spoken]
    most = max(dict.fromkeys(told), key=told.count, default="")
    known = {word.lower() for word in material(scene).words}
    other = [word for word, language in spoken if language != most and word in known]
    words = list(dict.fromkeys(other)) or [word for word in material(scene).words if word.lower() in last.lower()]
    return chance.sample(words, min(len(words), _FEW))
