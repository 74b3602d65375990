"""Explicit corrections by what they are built of, whoever words them, and what is none."""

import pytest

from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics import METRICS
from tests import cpu

MARKET = ("Yesterday I go to the market.", "you went to the market", "went")
ENJOY = ("I am enjoying in it.", "you are enjoying it", "")
LIKE = ("My brother like football.", "your brother likes football", "likes")
CHILD = ("I have two childs.", "you have two children", "children")
WORK = ("I make a big mistake at work.", "you made a big mistake at work", "made")
CANSADO = ("Yo soy cansado hoy.", "hoy estás cansado", "estás")
ALLE = ("J'ai allé à Paris.", "tu es allé à Paris", "es allé")
WARTEN = ("Ich warte für den Bus.", "du wartest auf den Bus", "auf")


def explicit(known: tuple[str, str, str], text: str) -> float | None:
    said, corrected, fix = known
    case = Case(
        name="c",
        messages=[{"role": "user", "content": said}],
        truth=Truth(learner=said, corrected=corrected, fix=fix, error="known"),
    )
    return METRICS["explicit_correction"](case, Reply(text=text, num_tokens=5, finish="stop")).value


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (MARKET, 'A small fix: "I went to the market". What did you buy?'),
        (MARKET, "A better way to put it: I went to the market."),
        (MARKET, "It sounds more natural to say I went."),
        (MARKET, "We'd say went here."),
        (MARKET, "Change go to went and it is perfect."),
        (MARKET, "Instead of go, try went."),
        (MARKET, "Go should be went."),
        (MARKET, "go -> went"),
        (MARKET, "~~go~~ went"),
        (MARKET, "Yesterday you WENT to the market!"),
        (MARKET, "Yesterday you **went** to the market!"),
        (MARKET, "*went"),
        (MARKET, "Almost! I went to the market."),
        (MARKET, "Yesterday I went to the market."),
        (MARKET, "Went, because it was yesterday."),
        (MARKET, "The past tense of go is went."),
        (MARKET, "You need the simple past here. What did you buy?"),
        (MARKET, "Watch your tenses!"),
        (LIKE, "Subject and verb must agree."),
        (LIKE, "You forgot the third person -s."),
        (CHILD, "Children is the plural, it's irregular."),
        (CHILD, "Children, not childs."),
        (ENJOY, "Enjoy doesn't take a preposition."),
        (ENJOY, "You don't need in after enjoy."),
        (CANSADO, "Una pequeña corrección: estoy cansado."),
        (CANSADO, "No es soy, sino estoy."),
        (CANSADO, "Con «cansado» usamos estar."),
        (ALLE, "Aller se conjugue avec être."),
        (ALLE, "On dit « je suis allé »."),
        (ALLE, "Attention à l'auxiliaire !"),
        (WARTEN, 'Man sagt: "Ich warte auf den Bus".'),
        (WARTEN, "Statt für brauchst du auf."),
        (WARTEN, "Achte auf die Präposition."),
        (LIKE, "No, my brother likes it."),
        (CHILD, "Remember to say children."),
        (MARKET, "Here is your sentence, corrected."),
    ],
)
def test_a_correction_is_known_by_what_it_is_built_of(known, text):
    assert explicit(known, text) == 1


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (MARKET, "Oh, you went to the market! What did you buy?"),
        (MARKET, "You mean you went to the market, yes?"),
        (MARKET, "It was yesterday. What happens to the little word then?"),
        (MARKET, "What is the past tense of go?"),
        (MARKET, "Is it 'I go' or 'I went'? What do you think?"),
        (MARKET, "Two ways to say it: I go, or I went. Which one do you take?"),
        (MARKET, "Can you find a better way to say it?"),
        (MARKET, "Your verbs are getting better every day! Who was there?"),
        (MARKET, "In my family we say 'the more the merrier'. And in yours?"),
        (MARKET, "You should say hello to the baker for me!"),
        (("She take the train instead of the bus.", "she takes the train instead of the bus", "takes"),
         "So she takes the train instead of the bus. Is it quicker?"),
        (WORK, "Oh no, you made a mistake at work! What happened?"),
        (WORK, "Everybody makes a mistake now and then. Could you fix it?"),
        (("I buyed an TV.", "you bought a TV", "bought a"), "You bought a TV! Is it a big one?"),
        (("I no open the door.", "you did not open the door", "did not open"), "Oh, you did not open the door. Why?"),
        (("How do you say? I eat a pera.", "you eat a pear", "pear"), "It's pear. Do you like it?"),
        (CANSADO, "¿Cómo se dice eso en tu idioma? Descansa, estás cansado."),
        (ALLE, "On dit que Paris est belle. Tu es allé au Louvre ?"),
        (WARTEN, "Man sagt, der Bus kommt oft zu spät. Wartest du schon lange?"),
    ],
)  # fmt: skip
def test_what_only_uses_the_form_or_leads_to_it_is_no_correction(known, text):
    assert explicit(known, text) == 0


@pytest.mark.parametrize("piece", ["not go ", '"go" ', ": ", "\n", "instead of go, ", "«", "→ ", "small ", "GO "])
def test_a_very_long_reply_is_looked_through_in_reasonable_time(piece):
    with cpu.seconds_below(15):
        explicit(MARKET, piece * (50_000 // len(piece)))


def test_who_speaks_in_no_known_language_is_not_punished():
    assert explicit(MARKET, "ما هو السوق؟ 🙂") == explicit(("", "", ""), "🙂") == 0
