"""What holds for all filters together: nothing is changed unasked, nothing given is changed, a second pass is quiet."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_mix.filters import chain
from data_mix.filters.chain import FILTERS, Chain
from data_mix.filters.config import FilterConfig, UnsafeConfig
from data_mix.filters.draft import Draft, Messages
from data_mix.filters.scan import Scan
from data_mix.filters.unsafe import BUILTIN, read_terms
from data_mix.language.hashed_words import hash_words
from data_mix.language.words import words
from espalier.command_line.config import dump, load_file, read_yaml
from espalier.errors import UserError
from espalier.text.messages import check_messages
from tests import cpu

EVERYTHING: dict[str, Any] = {
    "redacted": "drop",
    "unsafe": {},
    "mojibake": "repair",
    "control": "repair",
    "roles": "repair",
    "min_chars": 2,
    "min_reply_chars": 1,
    "max_chars": 100_000,
    "min_tokens": 1,
    "max_tokens": 2048,
    "boilerplate": "drop",
    "refusals": "drop",
    "artefacts": "drop",
    "repetition": "drop",
    "personal_data": "mask",
    "languages": {"keep": ["en"]},
}
ALL = Chain(FilterConfig.model_validate(EVERYTHING))
NONE = Chain(FilterConfig())

MARKED = ["Ã©", "\ufffd", "\x07", "\u200b", "\u200d", "a@b.pt", "+351 912 345 678", "```", "{", "User:", "\n", "json"]
SPOKEN = [
    "85.214.132.117",
    "4539148803436467",
    "As an AI language model, I",
    "ha " * 40,
    "!" * 120,
    "<|im_end|>",
    "Yes. ",
]
pieces = st.sampled_from([*MARKED, *SPOKEN])
contents = (st.text(max_size=30) | st.lists(pieces | st.text(max_size=5), max_size=8).map("".join)).filter(
    lambda text: text.strip() and "\0" not in text and not any(0xD800 <= ord(char) < 0xE000 for char in text)
)
chats = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": contents}),
    min_size=1,
    max_size=6,
)
rows = chats | contents.map(lambda text: [{"role": "text", "content": text}])
metas = st.dictionaries(
    st.sampled_from(["language", "moderation", "safety", "redacted"]),
    st.none() | st.booleans() | st.integers() | st.sampled_from(["en", "hate", ["hate"], {"x": 1}, [None], "?"]),
)


@given(rows, metas)
def test_without_a_key_no_row_is_touched(messages: list[dict[str, str]], meta: dict[str, Any]) -> None:
    verdict = NONE(messages, meta)
    assert verdict.messages is messages and verdict.meta is meta and verdict[2:4] == (None, ())


@settings(deadline=None)
@given(rows, metas)
def test_any_row_is_kept_whole_or_dropped_for_a_reason(messages: list[dict[str, str]], meta: dict[str, Any]) -> None:
    given_ = copy.deepcopy((messages, meta))
    verdict = ALL(messages, meta)
    assert (messages, meta) == given_, "what is given is not changed"
    check_messages(verdict.messages)
    assert len(set(verdict.repairs)) == len(verdict.repairs)
    assert (verdict.messages is messages) == (not verdict.repairs)
    if verdict.reason is None:
        assert {message["role"] for message in verdict.messages} & {"assistant", "text"}
        again = ALL(verdict.messages, verdict.meta)
        # Joining turns can bring two harmless ones together into one that is not; nothing is repaired twice.
        assert again.reason is not None or again.repairs == () or "joined_turns" in verdict.repairs


ODDLY = [
    "The café is “open” – 24/7…",
    "cafÃ©",
    "РџСЂРёРІРµС‚, как дела?",
    "bytes are lost: \ufffd",
    "我喜欢学习。" * 8,
    "สวัสดีครับ " * 9,
    "la la la la " * 8,
    "é la la " * 14,
    " ".join([*map(str, range(200)), *"abcd" * 25]),
    " ".join(["é", *map(str, range(200)), *"abcd" * 25]),
    " ".join(["a", *"bc" * 14, "d"]),
    "one, two. three; four: five " * 6,
    "x" * 50,
    "well " + "–" * 60,
    "! " + "?" * 100 + " !",
    "www.example.org/a/rather/long/address/without/any/space/in/it",
    "call 212-555-0123",
    "phone: 123 4567",
    "4111 1111 1111 1111",
    "1.2.3.4",
    "at 8.8.8.8 today",
    "2001:4860:4860::8888",
    "2001:4860:4860:0:0:0:0:8888",
    "\nhuman: and then?",
    "#### it\n## Response: fine",
    "Here is the JSON: [1]",
    "[1, 2",
    '{"a": ',
    "```\nx = 1",
    "~~~\nx = 1",
    "[INST] x",
    "<|im_end|>",
    "All rights reserved",
    "lorem ipsum dolor",
    "I'm sorry, but I can't help with that.",
    "Go. Kill yourself.",
    "\x1b[31m",
    "\x7f",
    "a\xadb",
    "e\u0301\u00b5\u0130",
    "éé" * 15,
    "é" * 75 + "x",
    "no",
    "fifty-nine characters are in here, and they are too few now",
]
more = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"])},
    optional={"weight": st.sampled_from([0, 0.5]), "reasoning": st.sampled_from(["hm", "la la " * 30, "a@b.pt"])},
)
said = st.lists(st.sampled_from(ODDLY) | pieces | st.text(max_size=9), min_size=1, max_size=4).map(" ".join)
oddly = st.builds(lambda message, content: message | {"content": content}, more, said.filter(str.strip))
batches = st.lists(st.tuples(rows | st.lists(oddly, min_size=1, max_size=4), metas), max_size=7)
LOUD = EVERYTHING | {
    "mojibake": "drop",
    "control": "drop",
    "roles": "drop",
    "min_chars": 60,
    "min_reply_chars": 20,
    "max_chars": 150,
    "boilerplate": ["web"],
    "artefacts": ["unclosed"],
    "personal_data": ["phone", "ip"],
    "unsafe": {"turns": "all"},
    "languages": {"where": "all"},
}


@settings(deadline=None)
@given(batches, st.sampled_from([EVERYTHING, LOUD]), st.sampled_from(FILTERS) | st.none(), st.integers(1, 4))
def test_many_rows_are_judged_as_each_by_itself(
    given_: list[tuple[Messages, dict[str, Any]]], keys: dict[str, Any], make: Any, most: int
) -> None:
    given_ = [(messages, meta) for messages, meta in given_ if not any("\0" in text for text in all_of(messages))]
    tried = Chain(FilterConfig.model_validate(keys))
    if make is not None:  # by itself, or one that drops the row before would hide it
        tried._filters = [make(FilterConfig.model_validate(keys))]
    alone = [tried(messages, meta) for messages, meta in given_]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "FEWEST", 1)
        patch.setattr(chain, "MOST", most)
        together = tried.many(given_)
    assert [verdict[:4] for verdict in together] == [verdict[:4] for verdict in alone]
    for verdict in together:
        if verdict.repairs == ():
            expected = hash_words([words("\n".join(all_of(verdict.messages)))]).hashes
            assert verdict.hashes is not None and verdict.hashes.tolist() == expected.tolist()


@pytest.mark.parametrize("make", FILTERS, ids=lambda make: make.__name__)
def test_no_row_is_passed_over_that_a_filter_has_something_against(make: Any) -> None:
    ask, meta = {"role": "user", "content": "Why?"}, {"redacted": True, "moderation": ["hate"]}
    replies = [{"role": "assistant", "content": text} for text in ODDLY]
    chats = [[ask, reply] for reply in replies] + [[ask, reply, ask, reply] for reply in replies]
    chats += [[reply | {"role": "text"}] for reply in replies]
    chats += [[reply | {"role": "user"}, reply | {"content": "Indeed."}] for reply in replies]
    chats += [
        [ask, ask],
        [ask],
        [ask, replies[0], ask],
        [replies[0], ask],
        [ask, {"role": "assistant", "content": " "}],
    ]
    for keys in (EVERYTHING, LOUD):
        found = make(FilterConfig.model_validate(keys))
        against = np.array([found.look(Draft(messages, meta)) is not None for messages in chats])
        assert against.any() and (found.where is None or not against.all())
        for start in range(0, len(chats), 7):
            some = slice(start, start + 7)
            if found.where is not None:
                assert found.where(Scan(chats[some]))[against[some]].all(), chats[some]


def all_of(messages: Messages) -> list[str]:
    return [message[key] for message in messages for key in ("reasoning", "content") if key in message]


def test_an_ordinary_row_passes_as_the_very_same_object() -> None:
    messages = [
        {"role": "user", "content": "What is 12 × 4? “Four dozen”, my father says."},
        {"role": "assistant", "content": "Nearly: a dozen is 12, and there are four.\n\n- 12 × 4 = 48\n- so 48 eggs"},
    ]
    meta = {"language": "en"}
    verdict = ALL(messages, meta)
    assert verdict.messages is messages and verdict.meta is meta and verdict[2:4] == (None, ())


def test_the_first_reason_in_the_fixed_order_counts() -> None:
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "As an AI language model, I refuse.<|im_end|>"},
    ]
    assert ALL(messages, {"redacted": True, "moderation": ["hate"]}).reason == "redacted"
    assert ALL(messages, {"moderation": ["hate"]}).reason == "unsafe_label"
    assert ALL(messages, {}).reason == "self_reference"


def test_a_dropped_row_says_what_was_repaired_before() -> None:
    messages = [{"role": "user", "content": "x\x07"}, {"role": "assistant", "content": "Fine.<|im_end|>"}]
    verdict = ALL(messages, {})
    assert (verdict.reason, verdict.repairs) == ("special_tokens", ("control_characters",))


def test_every_filter_has_a_key_of_its_own() -> None:
    assert [make for make in FILTERS if make(FilterConfig()) is not None] == [], "all are off by default"
    config = FilterConfig.model_validate(EVERYTHING)
    assert [make for make in FILTERS if make(config) is None] == [], "and all can be on"
    for make in FILTERS:
        assert make.__doc__ and ("eason" in make.__doc__ or "epair" in make.__doc__)


@pytest.mark.parametrize("off", [{"boilerplate": []}, {"artefacts": []}, {"personal_data": []}, {"min_chars": 0}])
def test_an_empty_choice_is_off(off: dict[str, Any]) -> None:
    config = FilterConfig.model_validate(off)
    assert all(make(config) is None for make in FILTERS)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"roles": "mend"}, "roles"),
        ({"min_chars": 5, "max_chars": 4}, "no row would be left"),
        ({"min_tokens": 5, "max_tokens": 4}, "no row would be left"),
        ({"languages": {"keep": ["Klingon"]}}, "Klingon: no language"),
        ({"languages": {"share": 2}}, "share"),
        ({"artefacts": ["special"]}, "artefacts"),
        ({"spelling": "drop"}, "spelling"),
    ],
)
def test_a_wrong_key_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FilterConfig.model_validate(keys)


def test_a_configuration_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    file = tmp_path / "filters.yaml"
    file.write_text("roles: off\nunsafe: {lexicon: mine.yaml}\nlanguages: {keep: [English, spa]}\n", encoding="utf-8")
    config = load_file(FilterConfig, file)
    assert config.unsafe is not None and config.unsafe.lexicon == tmp_path / "mine.yaml"
    assert config.languages is not None and config.languages.keep == ["en", "es"]
    file.write_text(dump(config), encoding="utf-8")
    assert load_file(FilterConfig, file) == config
    file.write_text("unsafe: {lexicon: builtin}\n", encoding="utf-8")
    assert load_file(FilterConfig, file).unsafe == UnsafeConfig()


def test_a_lexicon_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("terms: [basil, 'Two  words', 坏人]\n", encoding="utf-8")
    own = Chain(FilterConfig(unsafe=UnsafeConfig(lexicon=file)))

    def reason(text: str) -> str | None:
        return own([{"role": "text", "content": text}], {}).reason

    assert [reason(text) for text in ("Basil!", "two, words", "他是坏人。")] == ["unsafe_term"] * 3
    assert [reason(text) for text in ("basilisk", "two other words", "words two", "人坏", "porno")] == [None] * 5


@pytest.mark.parametrize("text", ["terms: porn\n", "terms: [1]\n", "words: [a]\n", "terms: ['?!']\n", ""])
def test_a_lexicon_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="mine.yaml"):
        Chain(FilterConfig(unsafe=UnsafeConfig(lexicon=file)))


def test_the_builtin_lexicon_is_short_and_sound() -> None:
    terms = read_terms(BUILTIN)
    assert 20 < len(terms) < 100 and len({tuple(term) for term in terms}) == len(terms)
    assert all(entry == entry.casefold() for entry in read_yaml(BUILTIN)["terms"])


NASTY = [
    "1" * 200_000,
    "1 " * 100_000,
    "1." * 100_000,
    "a@" * 100_000,
    "a." * 50_000 + "@",
    "{" * 200_000,
    ":" * 200_000,
]
NASTY += ["```\n" * 50_000, '{"' * 100_000, "<|" * 100_000, "\n" * 200_000 + "x", "a" * 200_000, "[insert " * 25_000]
NASTY += [
    "+1(" * 60_000,
    "Ã" * 200_000,
    "\x1b[" * 100_000,
    "User" + " " * 200_000,
    "here is " * 25_000 + "json",
    "0 00-" * 40_000,
]


@pytest.mark.parametrize("text", NASTY, ids=lambda text: repr(text[:6]))
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    config = FilterConfig.model_validate(EVERYTHING)
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": text}]
    # 400,000 bytes at the pace of ordinary text take some 30 ms; what is quadratic takes minutes.
    with cpu.seconds_below(10):
        for make in FILTERS:  # one by one, or an early drop would spare the later ones
            found = make(config)
            assert found is not None
            found.look(Draft(messages, {}))
            if found.where is not None:
                found.where(Scan([messages]))
