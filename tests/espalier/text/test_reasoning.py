"""What was thought is told from what was said, and a text that only speaks of thoughts stays whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.text.reasoning import _MARKS, Spoken, opened_by, silence, split, split_all

HARMONY = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Went!"

THOUGHT = {
    "a block": ("<think>\nHm.\n</think>\n\nWent!", "Hm.", "Went!"),
    "space before it": ("\n <think>Hm.</think>Went!", "Hm.", "Went!"),
    "capitals": ("<Think>Hm.</THINK> Went!", "Hm.", "Went!"),
    "an empty block": ("<think>\n\n</think>\n\nWent!", "", "Went!"),
    "two blocks": ("<think>a</think>\n<thinking>b</thinking>\nWent!", "a\n\nb", "Went!"),
    "a block in a block": ("<think><think>a</think></think>Went!", "<think>a", "Went!"),
    "its own mark, quoted": ("<think>Ask of `</think>`?</think>Went!", "Ask of `</think>`?", "Went!"),
    "nothing after it": ("<think>Hm.</think>", "Hm.", ""),
    "the prompt opened it": ("Hm. A verb.\n</think>\n\nWent!", "Hm. A verb.", "Went!"),
    "the prompt opened it, in one line": ("Hm. A verb.</think>Went!", "Hm. A verb.", "Went!"),
    "the prompt opened it, a space": ("Hm. A verb. </think>\nWent!", "Hm. A verb.", "Went!"),
    "the prompt opened it, nothing thought": ("</think>\n\nWent!", "", "Went!"),
    "the prompt opened it, then quoted": ('Is "</think>" meant?\n</think>\nWent!', 'Is "</think>" meant?', "Went!"),
    "Mistral": ("[THINK]Hm.[/THINK]Went!", "Hm.", "Went!"),
    "Gemma": ("<|channel>thought\nHm.<channel|>Went!", "Hm.", "Went!"),
    "gpt-oss": (HARMONY, "Hm.", "Went!"),
    "gpt-oss, a whole turn": (f"<|start|>assistant{HARMONY}<|return|>", "Hm.", "Went!"),
    "gpt-oss, spoken commentary": (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>Look.<|end|>"
        "<|start|>assistant<|channel|>commentary to=f <|constrain|>json<|message|>{}<|call|>", "Hm.\n\n{}", "Look.",
    ),
    "gpt-oss without its tokens": ("analysisThe verb. assistantfinalWent!", "The verb.", "Went!"),
    "Granite": ("Here is my thought process:\nHm.\n\nHere is my response:\nWent!", "Hm.", "Went!"),
}  # fmt: skip

UNFINISHED = {
    "a block": ("<think>\nHm, a verb", "Hm, a verb"),
    "a second block": ("<think>a</think><think>b", "a\n\nb"),
    "a mark of it that is quoted": ('<think>They ask of "</think>"', 'They ask of "</think>"'),
    "another block's end": ("<think>a</reasoning>b", "a</reasoning>b"),
    "Mistral": ("[THINK]Hm", "Hm"),
    "gpt-oss": ("<|channel|>analysis<|message|>Hm", "Hm"),
    "gpt-oss, cut in its marks": ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>fi", "Hm."),
}

WHOLE = {
    "nothing": "",
    "space": " \n",
    "words": "  You went home!\n",
    "inline code": "`<think>` opens thoughts, `</think>` closes them.",
    "inline code around it": "`thought</think>reply` is the form.",
    "the beginning of a sentence": "There are two marks. </think> is one.",
    "quotes": 'The mark "</think>" closes thoughts.',
    "a sentence": "Models put </think> after their thoughts.",
    "the end of a sentence": "Thoughts end with </think>.\n\nThen the reply begins.",
    "the end of a line": "Thoughts end with </think>\n\nThen the reply begins.",
    "a fenced example": "Look:\n```\nHm.\n</think>\nWent!\n```\nThat is all.",
    "an example with both marks": "Look:\n<think>\nHm.\n</think>\nWent!",
    "a list": "- <think> opens\n- </think> closes",
    "a block in the middle": "Hello! <think>Hm.</think> Went!",
    "analysis": "analysis of a sentence begins with its verb",
    "a word glued on": "analysis, and no more",
    "a response": "Here is my thought process: I think.",
}


@pytest.mark.parametrize("kind", THOUGHT)
def test_thoughts_are_kept_apart(kind: str) -> None:
    text, reasoning, content = THOUGHT[kind]
    assert split(text) == Spoken(content, reasoning, unfinished=False)


@pytest.mark.parametrize("kind", UNFINISHED)
def test_of_thoughts_that_never_end_nothing_is_seen(kind: str) -> None:
    text, reasoning = UNFINISHED[kind]
    assert split(text) == Spoken("", reasoning, unfinished=True)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_text_that_speaks_of_thoughts_stays_whole(kind: str) -> None:
    assert split(WHOLE[kind]) == Spoken(WHOLE[kind], "", unfinished=False)


marks = [*_MARKS, *_MARKS.values(), "<|channel|>", "analysis", "<|message|>", "assistantfinal", "`", "```", '"']
pieces = st.lists(st.sampled_from([*marks, "\n", "\n\n", " ", "Hm.", "Went!"]), max_size=10).map("".join)


@given(pieces | st.text(max_size=30))
def test_what_is_seen_stays_as_it_is_when_split_again(text: str) -> None:
    content = split(text).content
    assert split(content) == Spoken(content, "", unfinished=False)


@given(st.sampled_from(sorted(_MARKS)), st.text("ab. \n", max_size=12), st.text("ab. \n", max_size=12))
def test_of_a_block_nothing_is_seen_and_of_a_reply_all(mark: str, thought: str, reply: str) -> None:
    found = split(f"{mark}{thought}{_MARKS[mark]}{reply}")
    assert (found.reasoning, found.content) == (thought.strip(), reply.lstrip())


@pytest.mark.parametrize(
    ("prompt", "mark"),
    [
        ("<|im_start|>assistant\n<think>\n", "<think>\n"),
        ("<|Assistant|><think>", "<think>"),
        ("<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>analysis<|message|>"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("what is <think>?<|im_start|>assistant\n", ""),
        ("", ""),
    ],
)
def test_the_prompt_may_open_the_thoughts(prompt: str, mark: str) -> None:
    assert opened_by(prompt) == mark


def test_a_reply_is_made_whole_by_the_mark_of_its_prompt() -> None:
    assert split(opened_by("<think>\n") + "Hm, a verb") == Spoken("", "Hm, a verb", unfinished=True)
    assert split(opened_by("<|channel|>analysis<|message|>") + HARMONY.partition("<|message|>")[2]).content == "Went!"


INSIDE, CUT = ("Hm.\n</think>\n\nWent!", "stop"), ("Hm, a ver", "length")


@pytest.mark.parametrize(
    ("others", "seen"),
    [
        ([INSIDE], ""),
        ([INSIDE, INSIDE, ("Hm.\n</think>\nI", "length")], ""),
        ([], "Hm, a ver"),
        ([("Hm.\n</think>\nI", "length")], "Hm, a ver"),
        ([INSIDE, ("Went!", "stop")], "Hm, a ver"),
        ([("<think>Hm.</think>Went!", "stop")], "Hm, a ver"),
    ],
)
def test_a_model_that_always_begins_with_thoughts_was_cut_in_them(others: list[tuple[str, str]], seen: str) -> None:
    *rest, last = split_all([*others, CUT])
    assert last == Spoken(seen, "" if seen else "Hm, a ver", unfinished=not seen)
    assert rest == [split(text) for text, _ in others]


@pytest.mark.parametrize(
    ("content", "finish", "thought", "why"),
    [
        ("Went!", "length", True, ""),
        ("", "length", True, "limit spent on reasoning"),
        (" \n", "length", False, "limit spent, and nothing said"),
        ("", "stop", True, "reasoning, and nothing said"),
        ("", "stop", False, "nothing said"),
    ],
)
def test_why_nothing_is_seen(content: str, finish: str, thought: bool, why: str) -> None:
    assert silence(content, finish, thought=thought) == why
