"""Who speaks: a learner's words as the tutor says them to the learner."""

from __future__ import annotations

from functools import lru_cache

from data_mix.language.speech import YOURS, to_tutors_person, words

_LISTED = {
    "es": (
        "yo:tú me:te mi:tu mis:tus mí:ti conmigo:contigo mío:tuyo mía:tuya nos:os nosotros:vosotros soy:eres"
        " tengo:tienes estoy:estás voy:vas he:has había:habías fui:fuiste quiero:quieres puedo:puedes"
    ),
    "fr": (
        "je:tu j:tu me:te m:t moi:toi mon:ton ma:ta mes:tes mien:tien nous:vous notre:votre nos:vos suis:es ai:as"
        " vais:vas veux:veux peux:peux fais:fais"
    ),
    "de": (
        "ich:du mich:dich mir:dir mein:dein meine:deine meinen:deinen meinem:deinem meiner:deiner meines:deines wir:ihr"
        " uns:euch unser:euer unsere:eure bin:bist habe:hast war:warst hatte:hattest will:willst kann:kannst muss:musst"
    ),
}
"""What a speaker calls their own, as the other calls it, and the commonest verbs that go with it."""
_YOURS = {name: dict(pair.split(":") for pair in listed.split()) for name, listed in _LISTED.items()}


@lru_cache(maxsize=512)
def as_tutor_says(sentence: str, language: str) -> str:
    """A learner's `sentence` said to the learner, by the persons of its `language`, or of English for one not known."""
    if language not in _YOURS:
        return to_tutors_person(sentence)
    return " ".join(_YOURS[language].get(word, word) for word in words(sentence))


def same_but_for_person(one: str, other: str, language: str) -> bool:
    """Whether two words are one person, called so by either of two speakers: my and your, you and me."""
    yours = _YOURS.get(language, YOURS)
    return one == other or yours.get(one) == other or yours.get(other) == one


FIRST_PERSON = frozenset(
    {
        "i", "me", "my", "mine", "myself", "we", "us", "our", "yo", "mi", "mis", "mí", "conmigo", "nosotros", "je", "j",
        "m", "moi", "mon", "ma", "mes", "nous", "notre", "nos", "ich", "mich", "mir", "mein", "meine", "meinen",
        "meinem", "meiner", "meines", "wir", "uns", "unser", "unsere",
    }
)  # fmt: skip
SECOND_PERSON = frozenset(
    {
        "you", "your", "yours", "tú", "tu", "tus", "ti", "contigo", "toi", "ton", "ta", "tes", "vous", "votre", "du",
        "dich", "dir", "dein", "deine", "deinen", "deinem", "deiner", "ihr", "euch", "euer",
    }
)  # fmt: skip
