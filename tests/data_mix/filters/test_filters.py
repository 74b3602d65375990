"""Each filter both ways: what it must catch, and what looks like it and must be left alone."""

from __future__ import annotations

from typing import Any

import pytest

from data_mix.filters.chain import Chain, Verdict
from data_mix.filters.config import FilterConfig

ASK = "How do I say that?"


def chat(*contents: str) -> list[dict[str, str]]:
    """User and assistant in turn, the user first."""
    return [{"role": ("user", "assistant")[i % 2], "content": content} for i, content in enumerate(contents)]


def of(turns: str, prefix: str = "") -> list[dict[str, str]]:
    """`sua`: system, user, assistant, each saying its place."""
    names = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return [{"role": names[turn], "content": f"{turn}{index}"} for index, turn in enumerate(turns)]


def judge(messages: list[dict[str, str]], meta: dict[str, Any] | None = None, **keys: Any) -> Verdict:
    return Chain(FilterConfig.model_validate(keys))(messages, {} if meta is None else meta)


def repaired(text: str, **keys: Any) -> tuple[str, tuple[str, ...]]:
    """What becomes of a reply."""
    verdict = judge(chat(ASK, text), **keys)
    assert verdict.reason is None and verdict.messages[0]["content"] == ASK
    return verdict.messages[1]["content"], verdict.repairs


# --- roles


@pytest.mark.parametrize("turns", ["ua", "sua", "uaua", "suaua", "uata", "uattatua", "suata"])
def test_chats_in_order_stay_as_they_are(turns: str) -> None:
    for mode in ("repair", "drop"):
        messages = of(turns)
        assert judge(messages, roles=mode).messages is messages


@pytest.mark.parametrize(
    ("turns", "contents", "repairs"),
    [
        ("uau", ["u0", "a1"], ("cut_trailing_user",)),
        ("uuaa", ["u0\nu1", "a2\na3"], ("joined_turns",)),
        ("ssua", ["s0\ns1", "u2", "a3"], ("joined_turns",)),
        ("aua", ["u1", "a2"], ("cut_leading_assistant",)),
        ("saua", ["s0", "u2", "a3"], ("cut_leading_assistant",)),
        ("aauuau", ["u2\nu3", "a4"], ("joined_turns", "cut_leading_assistant", "cut_trailing_user")),
    ],
)
def test_turns_are_repaired(turns: str, contents: list[str], repairs: tuple[str, ...]) -> None:
    messages = of(turns)
    verdict = judge(messages, roles="repair")
    assert [message["content"] for message in verdict.messages] == contents
    assert (verdict.reason, verdict.repairs) == (None, repairs)
    assert messages == of(turns), "what is given is not changed"
    assert judge(messages, roles="drop").reason == "roles"
    assert judge(messages).messages is messages
    assert judge(verdict.messages, roles="drop").reason is None, "a repaired chat is in order"


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ("u", "no_assistant_turn"),
        ("su", "no_assistant_turn"),
        ("a", "no_assistant_turn"),
        ("sa", "no_assistant_turn"),
        ("au", "no_assistant_turn"),
        ("usa", "roles"),
        ("uasua", "roles"),
    ],
)
def test_turns_beyond_repair_are_dropped(turns: str, reason: str) -> None:
    assert judge(of(turns), roles="repair").reason == reason


def test_a_first_turn_of_the_assistant_can_be_kept_or_drop_the_row() -> None:
    messages = of("aua")
    assert judge(messages, roles="repair", leading_assistant="keep").messages is messages
    assert judge(messages, roles="drop", leading_assistant="keep").messages is messages
    assert judge(messages, roles="repair", leading_assistant="drop").reason == "leading_assistant"
    kept = judge(of("auau"), roles="repair", leading_assistant="keep")
    assert [message["content"] for message in kept.messages] == ["a0", "u1", "a2"]


def test_empty_turns_go_and_a_turn_sent_twice_counts_once() -> None:
    verdict = judge(chat("Hi", "Hello", " \n", "Hello"), roles="repair")
    assert verdict.messages == chat("Hi", "Hello")
    assert verdict.repairs == ("removed_empty_turns", "joined_turns")


def test_a_text_has_no_turns() -> None:
    text = [{"role": "text", "content": "Basil reads."}]
    for mode in ("repair", "drop"):
        assert judge(text, roles=mode).messages is text


# --- length


def test_lengths_have_their_reasons() -> None:
    messages = chat("12345", "1234567")
    assert judge(messages, min_chars=12, max_chars=12, min_reply_chars=7).reason is None
    assert judge(messages, min_chars=13).reason == "too_short"
    assert judge(messages, max_chars=11).reason == "too_long"
    assert judge(messages, min_reply_chars=8).reason == "reply_too_short"
    assert judge([{"role": "text", "content": "12345"}], min_reply_chars=5).reason is None


# --- set phrases


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Lorem ipsum dolor sit amet.", "placeholder"),
        ("Dear [insert name here], thank you.", "placeholder"),
        ("Dear <Insert Name>, thank you.", "placeholder"),
        ("TODO", "placeholder"),
        ("[placeholder]", "placeholder"),
        ("Our website uses cookies to improve your visit.", "web_boilerplate"),
        ("Please enable JavaScript to view the comments.", "web_boilerplate"),
        ("Subscribe to our newsletter for more.", "web_boilerplate"),
        ("© 2019 The Site. All rights reserved.", "web_boilerplate"),
        ("As an AI language model, I have no opinions.", "self_reference"),
        ("Well, I'm just an AI, so I cannot taste it.", "self_reference"),
        ("I am a large language model trained by others.", "self_reference"),
        ("My knowledge cutoff is in 2021.", "self_reference"),
        ("Add the two sides. # TODO: check the sign", None),
        ("A todo list helps: write down what is left.", None),
        ('text = "Lorem ipsum dolor sit amet"\nprint(text)', None),
        ("Use list.insert(0, x) to insert it here.", None),
        ("arr[insert_at] = x", None),
        ("My grandmother's cookies are the best; we use cookies as bait.", None),
        ("Online, a banner asks you to accept cookies.", None),
        ("JavaScript is a language of browsers. Reserved words cannot be names.", None),
        ("She works as an AI engineer in Porto.", None),
        ("An AI language model predicts the next word.", None),
        ("As an aide, he was discreet.", None),
        ("I am an artist.", None),
    ],
)
def test_boilerplate(reply: str, reason: str | None) -> None:
    assert judge(chat(ASK, reply), boilerplate="drop").reason == reason
    assert judge([{"role": "text", "content": reply}], boilerplate="drop").reason == reason
    assert judge(chat(reply, "Yes."), boilerplate="drop").reason is None, "what the user says is not learned"


def test_boilerplate_can_be_chosen_by_kind() -> None:
    row = chat(ASK, "As an AI language model, I cannot.")
    assert judge(row, boilerplate=["web", "placeholder"]).reason is None
    assert judge(row, boilerplate=["self_reference"]).reason == "self_reference"
    assert judge(row, boilerplate=[]).reason is None


@pytest.mark.parametrize(
    ("replies", "refuses"),
    [
        (["I'm sorry, but I cannot assist with that."], True),
        (["I’m sorry, I can’t help you with this."], True),
        (["Sorry, I can't do that."], True),
        (["I cannot provide that information."], True),
        (["Unfortunately I am unable to help with this.", "I'm sorry, but I can't help."], True),
        (["I'm sorry, but I cannot assist with that.", "Four."], False),
        (["I'm sorry to hear that. What happened?"], False),
        (["I cannot see the error yet. Which line is it?"], False),
        (["I'm sorry, but I cannot write the essay for you. " + "What would you say first? " * 20], False),
        (["Can you help me?"], False),
    ],
)
def test_refusals(replies: list[str], refuses: bool) -> None:
    row = chat(*[content for reply in replies for content in (ASK, reply)])
    assert judge(row, refusals="drop").reason == ("refusal" if refuses else None)
    assert judge(row).reason is None


# --- artefacts


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Fine.<|im_end|>", "special_tokens"),
        ("<|endoftext|>Fine.", "special_tokens"),
        ("Fine. [INST] And now? [/INST]", "special_tokens"),
        ("Fine.</s>", "special_tokens"),
        ("Fine.\n### Instruction:\nSay it again.", "special_tokens"),
        ('Sure! Here is the JSON you asked for:\n{"a": 1}', "chatter"),
        ("As requested, here is your JSON.", "chatter"),
        ("Here's the JSON object:\n```json\n[1]\n```", "chatter"),
        ("Try this:\n```python\nprint(1)", "unclosed"),
        ('{"a": [1, 2, {"b": "}"', "unclosed"),
        ('[{"a": 1},', "unclosed"),
        ("It is four.\n\nUser: And five?\nAssistant: Five.", "next_turn"),
        ("It is four.\nHuman: thanks", "next_turn"),
        ("a < b | c > d", None),
        ("<s>old</s> new price", None),
        ("#### 42", None),
        ("### Response times\nThey vary.", None),
        ("JSON is a format. Here is how it began.", None),
        ("Here is a script that reads a JSON file.\n\n```python\nimport json\n```", None),
        ("Try this:\n```python\nprint('{')\n```", None),
        ("Fences are written ``` in Markdown.", None),
        ("````md\n```py\nx\n```\n````", None),
        ('{"a": "[", "b": "\\"{"}', None),
        ("[1] See the first chapter.", None),
        ("{x | x > 0", None),
        ("User: hi\nBot: hello", None),
        ("Every user: please log out.", None),
        ("The format is `User: text`:\n```\nUser: hi\nBot: hello\n```", None),
    ],
)
def test_artefacts(reply: str, reason: str | None) -> None:
    assert judge(chat(ASK, reply), artefacts="drop").reason == reason
    assert judge(chat(reply, "Yes."), artefacts="drop").reason is None, "what the user says is not learned"
    if reason:
        assert judge(chat(ASK, reply), artefacts=[reason]).reason == reason
        others = {"special_tokens", "chatter", "unclosed", "next_turn"} - {reason}
        assert judge(chat(ASK, reply), artefacts=sorted(others)).reason is None


def test_json_and_scenes_that_were_asked_for_are_no_artefacts() -> None:
    assert judge(chat("As JSON, please.", 'Here is the JSON:\n{"a": 1}'), artefacts="drop").reason is None
    assert judge(chat("Write a dialogue.", "Here it is.\nHuman: hi\nCat: meow"), artefacts="drop").reason is None


def test_only_the_end_of_a_chat_can_be_cut_off() -> None:
    row = chat(ASK, "```\nx", "Go on.", "y\n```\nDone.")
    assert judge(row, artefacts=["unclosed"]).reason == "unclosed", "the last fence opens and is not closed"
    assert judge(chat(ASK, "```\nx", "Go on.", "Done."), artefacts=["unclosed"]).reason is None


# --- repetition

STORY = (
    "Basil planted twelve bulbs beside the old wall before winter came. When spring arrived only nine of them had "
    "grown, so he asked his neighbour what went wrong. She looked closely, smiled and showed him three small holes "
    "where a hungry mouse had been digging for its supper all through the cold months."
)


@pytest.mark.parametrize(
    "reply",
    [
        "I am sorry. " * 20,
        STORY + " And then again and again and then" * 30,
        " ".join(f"word{number}" for number in range(300)) + " and then it went on" * 22,
        "x = 1\nprint(x)\n" * 15,
        "Noooo" + "o" * 60,
        "Help" + "!" * 200,
        "的" * 60,
        "好的。我们再来一次。" * 10,
    ],
)
def test_loops_are_dropped(reply: str) -> None:
    assert judge(chat(ASK, reply), repetition="drop").reason == "repetition"
    assert judge(chat(ASK, reply, ASK, STORY), repetition="drop").reason == "repetition"
    assert judge([{"role": "text", "content": reply}], repetition="drop").reason == "repetition"
    assert judge(chat(reply, "Yes."), repetition="drop").reason is None


@pytest.mark.parametrize(
    "reply",
    [
        STORY,
        "Yes, yes, yes!",
        "4 * 4 = 16\n16 * 4 = 64\n64 * 4 = 256\n#### 256",
        "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.",
        "| a | b |\n|" + "-" * 80 + "|\n| 1 | 2 |",
        "def add(a, b):\n    return a + b\n\ndef sub(a, b):\n    return a - b\n\ndef mul(a, b):\n    return a * b\n",
        "Noooooooo!!!!!!",
        "\n".join(f"{number} times 7 is {number * 7}, as you can see." for number in range(2, 12)),
        STORY + " " + STORY.replace("mouse", "rat").replace("bulbs", "roses").replace("three", "two") + " The end.",
        "https://example.org/a/" + "0123456789abcdef" * 5,
    ],
)
def test_ordinary_repetition_stays(reply: str) -> None:
    assert judge(chat(ASK, reply), repetition="drop").reason is None


def test_the_same_answer_in_several_turns_is_no_loop() -> None:
    assert judge(chat(*[ASK, STORY] * 6), repetition="drop").reason is None


# --- personal data


@pytest.mark.parametrize(
    ("text", "masked", "kind"),
    [
        ("Write to ana.p+x@mail.porto.pt.", "Write to <EMAIL>.", "email"),
        ("<bob_7@gmail.com>", "<<EMAIL>>", "email"),
        ("Call 212-555-0187 today.", "Call <PHONE> today.", "phone"),
        ("It is (415) 362-5252.", "It is <PHONE>.", "phone"),
        ("or 415.362.5252, any time", "or <PHONE>, any time", "phone"),
        ("+60 3-7490 3333", "<PHONE>", "phone"),
        ("+351912345678", "<PHONE>", "phone"),
        ("ring 020 7946 0958", "ring <PHONE>", "phone"),
        ("Tel. 01 42 68 53 00", "Tel. <PHONE>", "phone"),
        ("my phone number is 3625252", "my phone number is <PHONE>", "phone"),
        ("call me at 362-5252", "call me at <PHONE>", "phone"),
        ("card 4111 1111 1111 1112 no", "card 4111 1111 1111 1112 no", None),
        ("card 4539 1488 0343 6467", "card <CARD>", "card"),
        ("5425233430109903", "<CARD>", "card"),
        ("3742-454554-00126", "<CARD>", "card"),
        ("from 85.214.132.117 at night", "from <IP> at night", "ip"),
        ("2a00:1450:4003:80a::200e", "<IP>", "ip"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str, kind: str | None) -> None:
    repairs = (f"masked_{kind}",) if kind else ()
    assert repaired(text, personal_data="mask") == (masked, repairs)
    assert judge(chat(text, "Yes."), personal_data="mask").messages[0]["content"] == masked, "whoever says it"
    assert judge(chat(ASK, text), personal_data="drop").reason == ("personal_data" if kind else None)
    if kind:
        assert repaired(text, personal_data=[kind]) == (masked, repairs)
        assert repaired(text, personal_data=sorted({"email", "phone", "card", "ip"} - {kind})) == (text, ())


@pytest.mark.parametrize(
    "text",
    [
        "pi is 3.14159265358979",
        "3.14.15",
        "on 01.02.2003 or 2003-02-01 or 2/1/2003",
        "from 2019-2020, call 2019-2020 a bad year",
        "at 10:30:15, 12:45",
        "call 911, or 112",
        "$1,234,567.89 and 1 000 000 000",
        "1234567890123456",
        "12345678901234567890",
        "4 * 12345679 = 49382716",
        "500-200-1000=-700",
        "<<2500*12=30000>>30000",
        "10 20 30 40 50 60 70 80",
        "1 2 3 4 5 6 7 8 9 10",
        "0110 1100 0111",
        "version 2.14.33.10",
        "v1.22.3.4, 1.2.3.4",
        "192.168.1.10 and 10.0.0.1 and 127.0.0.1 and 255.255.255.0",
        "300.400.500.600",
        "std::vector<int> a; x::y::z",
        "a[1::2], ::, fe80::1, ::1",
        "user@example.com, a@b.example",
        "git@github.com:me/it.git",
        "@media print; @property; me@home",
        "y = A@x.reshape(3)",
        "ISBN 978-3-16-148410-0",
        "x+12345678y",
        "https://example.org/status/4539148803436467",
        "12345-67890",
        "in 1999 2000 2001",
    ],
)
def test_what_only_looks_personal_stays(text: str) -> None:
    messages = chat(ASK, text)
    assert judge(messages, personal_data="mask").messages is messages


def test_every_kind_in_a_row_is_named_once() -> None:
    text = "a@b.com c@d.org 85.214.132.117\ncall +351 912 345 678"
    masked, repairs = repaired(text, personal_data="mask")
    assert masked == "<EMAIL> <EMAIL> <IP>\ncall <PHONE>"
    assert repairs == ("masked_email", "masked_phone", "masked_ip")


# --- unsafe


def test_labels_drop_what_is_named() -> None:
    row = chat(ASK, "Fine.")
    assert judge(row, {"moderation": ["sexual/minors"]}, unsafe={}).reason == "unsafe_label"
    assert judge(row, {"moderation": ["Sexual_Minors"]}, unsafe={}).reason == "unsafe_label"
    assert judge(row, {"moderation": []}, unsafe={}).reason is None
    assert judge(row, {"moderation": {"hate": 1}}, unsafe={"labels": ["hate"]}).reason == "unsafe_label"
    assert judge(row, {"moderation": 3, "safety": None}, unsafe={}).reason is None
    assert judge(row, {"moderation": ["hate"]}, unsafe={"labels": []}).reason is None
    assert judge(row, {"moderation": ["hate"]}).reason is None


def test_labels_that_ask_for_care_drop_only_when_named() -> None:
    row, meta = chat(ASK, "Let us talk about it."), {"safety": "__needs_intervention__"}
    assert judge(row, meta, unsafe={}).reason is None
    assert judge(row, meta, unsafe={"labels": ["needs_intervention"]}).reason == "unsafe_label"


def test_redacted_rows_drop_on_request() -> None:
    row = chat(ASK, "It is NAME_1.")
    assert judge(row, {"redacted": True}, redacted="drop").reason == "redacted"
    assert judge(row, {"redacted": False}, redacted="drop").reason is None
    assert judge(row, {"redacted": True}).reason is None


def test_the_builtin_lexicon_matches_whole_words() -> None:
    assert judge(chat(ASK, "A hard-core: Hardcore, PORN!"), unsafe={}).reason == "unsafe_term"
    assert judge(chat(ASK, "Go. Kill yourself."), unsafe={}).reason == "unsafe_term"
    for fine in ("The hentaigana are old kana.", "We should kill time, yourself included.", "Sex education is taught."):
        assert judge(chat(ASK, fine), unsafe={}).reason is None
    assert judge(chat(ASK, "porno"), unsafe={"lexicon": None}).reason is None


def test_a_careful_reply_to_a_rude_user_stays() -> None:
    row = chat("Go kill yourself", "That hurts. What has happened?")
    assert judge(row, unsafe={}).reason is None
    assert judge(row, unsafe={"turns": "all"}).reason == "unsafe_term"
    apart = chat("you should kill", "yourself")
    assert judge(apart, unsafe={"turns": "all"}).reason is None, "a term does not run over turns"


# --- characters


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("cafÃ© and naÃ¯ve", "café and naïve"),
        ("itâ€™s", "it’s"),
        ("20Â°C", "20°C"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("РџСЂРёРІРµС‚", "Привет"),
        ("æ–‡å\xad—", "文字"),
    ],
)
def test_mojibake_is_undone(broken: str, mended: str) -> None:
    assert repaired(broken, mojibake="repair", control="repair") == (mended, ("mojibake",))
    assert judge(chat(ASK, broken), mojibake="drop").reason == "mojibake"


@pytest.mark.parametrize(
    "text",
    [
        "SÃO PAULO NÃO É LÁ",
        "À côté de l’école, « garçon » — ça va…",
        "Ele disse: “NÃO”…",
        "CAMÕES • À BEIRA-MAR",
        "Å is a letter, Ñ too; Привет, Россия — «ёлка»",
        "中文测试，没有问题。",
        "👩\u200d👩\u200d👧 ❤\ufe0f 🏴\U000e0067\U000e0062\U000e007f",
        "می\u200cخواهم",
        "क्\u200dष",
        "ភាសា\u200bខ្មែរ",
        "tab\tline\r\nnext\u00a0line",
    ],
)
def test_good_text_stays_byte_for_byte(text: str) -> None:
    messages = chat(text, text)
    for mode in ("repair", "drop"):
        assert judge(messages, mojibake=mode, control=mode).messages is messages


def test_lost_bytes_cannot_be_repaired() -> None:
    assert judge(chat(ASK, "caf\ufffd"), mojibake="repair").reason == "mojibake"
    assert judge(chat(ASK, "caf\ufffd")).reason is None


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\ufeffBasil reads.", "Basil reads."),
        ("a\x07b\x7fc\x9d", "abc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("one\x0ctwo", "one\ntwo"),
        ("exam\u00adple wor\u200bd n\u200co", "example word no"),
    ],
)
def test_control_characters_are_removed(text: str, clean: str) -> None:
    assert repaired(text, control="repair") == (clean, ("control_characters",))
    assert judge(chat(ASK, text), control="drop").reason == "control_characters"


def test_a_turn_of_nothing_but_control_characters_is_removed() -> None:
    verdict = judge(chat("a", "b", "\x07", "c"), control="repair", roles="repair")
    assert verdict.messages == chat("a", "b\nc")
    assert verdict.repairs == ("control_characters", "removed_empty_turns", "joined_turns")
    both = judge(chat("a", "b", "Â\xa0", "\x07", "c", "d"), mojibake="repair", control="repair")
    assert both.messages == [*chat("a", "b"), *chat("c", "d")]
    assert both.repairs == ("mojibake", "removed_empty_turns", "control_characters")
    assert judge(chat("a", "\x07"), control="repair").reason == "no_assistant_turn"
    assert judge([{"role": "text", "content": "\ufeff"}], control="repair").reason == "empty"


# --- languages

ENGLISH = "She went to the market yesterday and bought some apples."
SPANISH = "Ayer fue al mercado y compró unas manzanas para su hermana."


def test_languages_are_told_and_kept() -> None:
    verdict = judge(chat(SPANISH, ENGLISH), {"a": 1}, languages={})
    assert verdict.meta["language"] == "en" and 0.5 < verdict.meta["language_score"] <= 1 and verdict.meta["a"] == 1
    assert judge(chat(ASK, SPANISH), languages={"keep": ["English"]}).reason == "language"
    assert judge(chat(ASK, SPANISH), languages={"keep": ["eng", "spa"]}).reason is None


def test_a_row_that_says_its_language_is_believed_unless_all_are_looked_at() -> None:
    row = chat(ASK, SPANISH)
    assert judge(row, {"language": "English"}, languages={"keep": ["en"]}).meta == {"language": "en"}
    meta = {"language": "es"}
    assert judge(row, meta, languages={}).meta is meta
    assert judge(row, meta, languages={"keep": ["en"]}).reason == "language"
    assert judge(row, {"language": "en"}, languages={"keep": ["en"], "where": "all"}).reason == "language"
    assert judge(row, {"language": "?"}, languages={}).meta["language"] == "es"


def test_short_rows_are_undetermined_and_stay() -> None:
    verdict = judge(chat("42", "Ok."), languages={"keep": ["en"]})
    assert verdict.reason is None and verdict.meta == {"language": "und", "language_score": 0.0}
    assert judge(chat("42", "Ok."), languages={"undetermined": "drop"}).reason == "language"
    short = judge(chat("42", "Ok."), {"language": "fr"}, languages={"where": "all"})
    assert short.reason is None and short.meta["language"] == "fr"
    assert (
        judge(chat("42", "Ok, hasta luego my friend, see you mañana, amigo."), languages={"min_score": 0.99}).meta[
            "language"
        ]
        == "und"
    )


def test_the_question_tells_where_the_answer_does_not() -> None:
    assert judge(chat(SPANISH, "x = 42"), languages={}).meta["language"] == "es"
    assert judge([{"role": "text", "content": "x = 42"}], languages={}).meta["language"] == "und"


def test_a_share_of_rows_is_chosen_by_content() -> None:
    rows = [chat(ASK, f"{ENGLISH} {number}") for number in range(400)]
    chain = Chain(FilterConfig.model_validate({"languages": {"share": 0.25}}))
    looked = ["language" in chain(row, {}).meta for row in rows]
    assert 60 < sum(looked) < 140
    assert looked == ["language" in chain(row, {}).meta for row in rows]
    none = Chain(FilterConfig.model_validate({"languages": {"share": 0}}))
    assert all(none(row, {}).meta == {} for row in rows)
