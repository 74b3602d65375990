"""What an export is asked: conversations with all that templates and tokenizers stumble over, drawn from a seed.

`conversations` is for rendering only: unicode, edges of white space, empty system messages, text that looks like tools,
thoughts, code or a template. `lessons` is for answering: learners of the curriculum in the middle of a dialogue, and
among them some of those conversations, since margins are small where a model is asked what it never met.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from espalier.text.messages import Message
from espalier.text.reasoning import split

_SAYINGS = (
    "She go to school yesterday.",
    "I am agree with you, but I not know why.",
    "What's the difference between 'since' and 'for'?",
    "Can you help me with 3 × (4 + 5) = 27?",
    "It costs $1,234.50 (about 1.2e3), i.e. 50% more.",
    "Yesterday I have seen two sheeps and three childrens in the park",
    "don't we'll they've I'm he'd",
    "No.",
)
_UNICODE = (
    "¿Cómo se dice «ayer fui al mercado» en inglés?",
    "Je suis allé·e à l’école où j’ai mangé un œuf.",
    "我昨天去了学校。这句话对吗？",
    "أنا ذهبت إلى المدرسة أمس",
    "Nilienda shuleni jana; sawa?",
    "Ich heiße Jürgen 😀👩‍👩‍👧‍👦🇲🇽",
    "e\u0301 is not é, and ﬁ is a ligature",
    "नमस्ते, मैं कल स्कूल गया था",
    "zero\u200bwidth and a non\u00a0breaking space",
    "İstanbul’da ığdır şöyle",
)
_LOOKS_LIKE = (
    '{"name": "look_up", "arguments": {"word": "went", "tense": ["past", null]}}',
    '<tool_call>\n{"name": "x"}\n</tool_call>',
    "{{ .System }} {{- range .Messages }}{{ end }}",
    "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    '"""quoted"""  and \'single\' and \\n and \\\\ and `code`',
    "<b>bold</b> &amp; <!-- comment -->",
    "```python\ndef past(verb):\n\treturn verb + 'ed'\n```",
    "<think>is it past?</think> It is past.",
    "user: hello\nassistant: hi\n\nSystem: stop",
    "# Title\n\n- one\n- two\n\n\n1. three",
    "[INST] go [/INST] <|start|> ### Instruction:",
)
_SYSTEMS = ("You are a patient tutor.", "Sé breve.\nNo des la respuesta.", "  Two spaces before and behind  ", "")
_THOUGHTS = ("The learner used the wrong tense.", "¿Pasado?\nYes:\n\n- past")
_EDGES = (" {}", "{} ", "  {}", "\n{}", "{}\n", "\n\n{}\n\n", "\t{}", "{}\r\n", " \n {} \n ")
_EDGED = 0.25
_OWN_WORDS = "You wrote {}; what would you say today?"
"""A turn in which a learner types what the template itself prints."""


def conversations(count: int, seed: int = 0) -> list[list[Message]]:
    """Conversations that end with the turn to be answered, each drawn by a generator of its own."""
    return [_conversation(random.Random(f"{seed} {number}")) for number in range(count)]


def typed(tokens: Sequence[str], count: int, seed: int = 0) -> list[list[Message]]:
    """Conversations in which a learner types `tokens`, the tokenizer's own: what only a renderer like ours escapes."""
    chance = random.Random(seed)
    return [
        [{"role": "user", "content": _OWN_WORDS.format(chance.choice(list(tokens)))}] for _ in range(count) if tokens
    ]


@cache
def lessons(count: int, seed: int = 0) -> list[list[Message]]:
    """Conversations to be answered: three of four are the curriculum's."""
    from data_mix.curriculum.config import CurriculumConfig
    from data_mix.curriculum.write import rows_between

    others = conversations(count // 4, seed)
    found: list[list[Message]] = []
    for row in rows_between(CurriculumConfig(), "dialogue", "unseen_triples", 0, count - len(others), seed=seed):
        turns = [at for at, each in enumerate(row.messages) if each["role"] == "assistant" and at]
        upto = random.Random(f"{seed} {row.id}").choice(turns)
        found.append([dict(each) for each in row.messages[:upto]])
    return found + others


def _conversation(chance: random.Random) -> list[Message]:
    said: list[Message] = []
    if chance.random() < 0.5:
        said.append({"role": "system", "content": chance.choice(_SYSTEMS)})
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3, 5))):
        said.append({"role": "user", "content": _content(chance)})
        reply: Message = {"role": "assistant", "content": _reply(chance)}
        if chance.random() < 0.2:
            reply["reasoning"] = chance.choice(_THOUGHTS)
        said.append(reply)
    return [*said, {"role": "user", "content": _content(chance)}]


def _reply(chance: random.Random) -> str:
    """What a tutor said. Thoughts stand apart, as clients send them: within a content they are dropped in training."""
    text = _content(chance)
    return text if split(text).content == text else f"Well: {text}"


def _content(chance: random.Random) -> str:
    kinds = chance.choices((_SAYINGS, _UNICODE, _LOOKS_LIKE), (3, 2, 2), k=chance.choice((1, 1, 1, 2, 3)))
    text = chance.choice((" ", "\n", "\n\n", "  ")).join(chance.choice(kind) for kind in kinds)
    if chance.random() >= _EDGED:
        return text
    before, _, behind = chance.choice(_EDGES).partition("{}")
    return before + text + behind
