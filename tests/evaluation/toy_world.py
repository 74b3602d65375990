"""A toy grammar written by hand, a backend that echoes, and a tokenizer of bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from espalier.text.rows import Row
from evaluation.cases.case import Case, Reply

RULES = {"recast": "must", "hint": "must_not", "affective support": "may"}
REPLIES = {
    "recast": "Oh, {you}! Who was there?",
    "hint": "Think of when you {base} the {noun}. What do we do to the word?",
    "affective support": "Thank you for telling me about the {noun}!",
}
VERBS = [("find", "found"), ("lose", "lost"), ("sell", "sold"), ("buy", "bought"), ("hide", "hid")]
NOUNS = ["key", "cup", "horse", "ticket"]
HELD_OUT = {"pairs": [["hide", noun] for noun in NOUNS], "triples": [["buy", noun, "tense"] for noun in NOUNS]}


def turn(verb: int, noun: int, strategy: str) -> dict[str, Any]:
    """What the toy grammar knows of a tutor's turn."""
    base, past = VERBS[verb]
    you = f"you {past} my {NOUNS[noun]}".replace("my", "your")
    learner = f"Yesterday I {base} my {NOUNS[noun]}."
    reply = REPLIES[strategy].format(you=you, base=base, noun=NOUNS[noun])
    return {
        "learner": learner, "corrected": you, "fix": past, "strategy": strategy, "rule": RULES[strategy],
        "error": "tense", "reply": reply,
    }  # fmt: skip


def dialogue(
    split: str, index: int, verb: int, noun: int, strategy: str, num_turns: int = 1, system: bool = True
) -> Row:
    """A row as the curriculum writes it."""
    turns = [turn(verb, (noun + place) % len(NOUNS), strategy) for place in range(num_turns)]
    messages = [{"role": "system", "content": f"Learner: Thai, A1. Move: {strategy}."}] if system else []
    for facts in turns:
        messages.append({"role": "user", "content": facts["learner"]})
        messages.append({"role": "assistant", "content": facts.pop("reply")})
    meta = {"error": "tense", "verb": VERBS[verb][0], "object": NOUNS[noun], "first_language": "Thai", "level": "A1"}
    meta |= {"strategy": strategy, "turns": turns, **{key: turns[0][key] for key in ("learner", "corrected", "fix")}}
    return Row(id=f"toy/{split}/{index:03d}", source="curriculum", split=split, messages=messages, meta=meta)


def rows(split: str, verbs: list[int]) -> Iterator[Row]:
    """Every noun and strategy with each verb, every third with two turns, one in two without a system line."""
    yield Row(
        id=f"toy/{split}/text", source="curriculum", split=split, messages=[{"role": "text", "content": "Tutor: Hm."}]
    )
    index = 0
    for verb in verbs:
        for noun in range(len(NOUNS)):
            for strategy in RULES:
                yield dialogue(split, index, verb, noun, strategy, num_turns=2 if index % 3 == 0 else 1)
                yield dialogue(split, index + 1, verb, noun, strategy, system=False)
                index += 2


@dataclass
class Echo:
    """Answers with the learner's words, and remembers what it was shown."""

    name: str = "echo"
    identity: dict[str, Any] = field(default_factory=dict)
    is_model: bool = True
    shown: list[Case] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def key(self, ask):
        return [self.identity, ask.case.messages, ask.case.name, ask.seed]

    def answer(self, asks):
        for place, ask in reversed(list(enumerate(asks))):
            self.shown.append(ask.case)
            self.seeds.append(ask.seed)
            yield place, Reply(text=f"Ah: {ask.case.messages[-1]['content']}", num_tokens=3, finish="stop")

    def close(self):
        """Holds nothing."""


def byte_tokenizer() -> Any:
    """A tokenizer of single bytes with the special tokens of the builtin template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={char: place for place, char in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=special[0], eos_token=special[1])
    tokenizer.add_special_tokens({"additional_special_tokens": special[2:]})
    return tokenizer
