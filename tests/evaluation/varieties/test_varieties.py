"""Which word is of which language, and where it is at home: by hand, both ways, and what the lists must keep to."""

import pytest

from evaluation.varieties.agreement import places
from evaluation.varieties.lists import known_varieties, languages, lists, variety_named
from evaluation.varieties.marks import marks, script, shown_variety
from evaluation.varieties.mixing import by_word, shares


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("I went to the mercado with mi abuela yesterday.", {"es": ["mercado", "mi", "abuela"]}),
        ("tengo que escribir un email a mi jefa y me sale mal", {"en": ["email"]}),
        ("My teacher says no puedo decir that word en casa.", {"es": ["puedo", "decir", "en", "casa"]}),
        ("他昨天 text 我说 she is sick", {"en": ["text", "she", "is", "sick"]}),
        ("Ninapenda chai lakini my friend prefers coffee", {"sw": ["ninapenda", "chai", "lakini"]}),
        ("أنا بحب coffee كتير", {"en": ["coffee"]}),
        ("So me and Tom, no once, come to the sale with a red pan.", {}),
        ("No me puedo mover con Tom en el parque.", {}),
        ("Der Hund ist im Garten, und die Katze auch.", {}),
    ],
)
def test_words_of_another_language_are_told(text, other):
    spoken = by_word(text)
    main = next(iter(shares(text)), "")
    found = {}
    for word, language in spoken:
        if language != main:
            found.setdefault(language, []).append(word)
    assert found == other


def test_shares_come_to_one_and_the_commonest_is_first():
    found = shares("I went to the mercado with mi abuela yesterday.")
    assert list(found) == ["en", "es"] and sum(found.values()) == pytest.approx(1)
    assert shares("") == shares("1 2 3") == {}


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("¡Ándale! ¿Dónde está la troca?", "es", {"mexican"}),
        ("Che, ¿vos sabés dónde está la remera?", "es", {"rioplatense"}),
        ("Vosotros tenéis el ordenador.", "es", {"peninsular"}),
        ("我坐捷運去買鳳梨。", "zh", {"taiwan"}),
        ("我坐地铁去看视频。", "zh", {"mainland"}),
        ("أنا عايز أروح دلوقتي", "ar", {"egyptian"}),
        ("شو بدك هلق؟", "ar", {"levantine"}),
        ("ماذا تريد الآن؟", "ar", {"standard"}),
        ("Matatu imejaa, msee.", "sw", {"kenyan"}),
    ],
)
def test_a_speakers_words_show_the_variety(text, language, names):
    found = shown_variety(text)
    assert found and found.language == language and names <= found.names


@pytest.mark.parametrize(
    "text", ["El perro está en la casa.", "我去市场买菜。", "في البيت كتاب", "Ninakula ndizi.", "My color"]
)
def test_words_that_are_said_everywhere_show_none(text):
    assert shown_variety(text) is None


def test_two_scripts_are_told_apart_and_named_where_mixed():
    assert (script("我们说话"), script("我們說話"), script("我们說話"), script("大人")) == (
        "simplified", "traditional", "mixed", "",
    )  # fmt: skip


def test_an_accent_that_is_left_out_hides_no_word_and_makes_no_other():
    assert [mark.word for mark in marks("orale, que chevere", "es")] == ["orale", "chevere"]
    assert not marks("mira, el escribe", "es"), "mirá and escribí are of vos, mira and escribe are not"


@pytest.mark.parametrize(
    ("text", "language", "wrong"),
    [
        ("las manos limpias y el problema", "es", []),
        ("los mano y la problema", "es", ["los mano", "la problema"]),
        ("los países y unas veces", "es", []),
        ("Mi hermano y yo tenemos hambre", "es", []),
        ("por si pierdes el autobús", "es", []),
        ("第二本书，两本书，二十本书", "zh", []),
        ("二本书", "zh", ["二本"]),
        ("这条狗和一只猫", "zh", []),
        ("你买了三张车票，对吗？这张书桌是你的吗？你去了这家书店吗？", "zh", []),
        ("一张学生证，一张猫的照片", "zh", []),
        ("一张车，这张书很好", "zh", ["一张车", "这张书"]),
        ("an unimportant detail, an unidentified bird, a unique unit", "en", []),
        ("a unimportant detail, an unique bird", "en", ["a unimportant", "an unique"]),
        ("Gari langu ni zuri, kalamu yangu pia", "sw", []),
        ("kalamu changu", "sw", ["kalamu changu"]),
        ("a university, an hour, an X, a European, an 8", "en", []),
        ("an book about a orange", "en", ["an book", "a orange"]),
        ("a ella le gusta", "en", []),
    ],
)
def test_places_that_rules_know(text, language, wrong):
    assert [place.words for place in places(text, language) if place.right] == wrong


def test_every_list_says_what_a_reader_of_it_expects():
    assert languages() == ("ar", "en", "es", "sw", "zh")
    for language in languages():
        known = lists(language)
        assert known.homes and known.things and known.wrong and set(known.registers) == {"formal", "informal"}
        assert all(1 < len(thing) == len(set(thing)) for thing in known.things)
        assert known.registers["formal"].isdisjoint(known.registers["informal"])
        assert all(homes < set(known.names) for homes in known.homes.values()), "said everywhere, so no mark of any"
    assert len(known_varieties()) == len(set(known_varieties()))
    assert variety_named("Puerto Rican") == ("es", "caribbean") and variety_named("Klingon") is None


def test_the_two_scripts_are_written_pair_by_pair_and_share_no_character():
    pairs = ["".join(lists("zh").more["scripts"][name].split()) for name in ("simplified", "traditional")]
    assert len(pairs[0]) == len(pairs[1]) and set(pairs[0]).isdisjoint(pairs[1])


def test_no_wrong_form_is_at_home_anywhere():
    for language in languages():
        assert set(lists(language).wrong).isdisjoint(lists(language).homes), language
