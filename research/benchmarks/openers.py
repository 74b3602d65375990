"""What a core answers to what a newcomer types first.

    python research/benchmarks/openers.py [--model basil-core]

Prints Markdown: openers of people, not of the grammar (half of them are no sentence that it could write), with the
likeliest reply, and whether the grammar's tutor could have given it. There is no score: read it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from espalier.command_line.config import Config, load
from espalier.errors import run_main

OPENERS = [
    "hi", "Hello!", "hello, how are you?", "Good morning", "who are you?", "What is your name?", "what can you do?",
    "I am sad today", "I'm happy", "i feel lonely", "My name is Bob.", "I am Anna.", "Yesterday I go to the market.",
    "yesterday i go to the market", "I go to the market yesterday.", "She have two book.", "I have a cat.",
    "Last week Tom readed a book.", "Yesterday I seen a owl in the garden.", "I don't understand", "thanks", "bye",
    "What?", "Can you help me?", "I want to learn English", "Do you like music?", "I like apples.",
    "My sister lost her umbrella yesterday.", "Tell me a story.", "ok", "Why?", "My mother cook soup every day.",
]  # fmt: skip


class Benchmark(Config):
    """Whom to ask."""

    model: str = "basil-core"
    """A run of the curriculum's."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/openers.py", doc=__doc__)
    from data_mix.curriculum import parses_reply
    from espalier.generation.generate import generate
    from espalier.models.loading import load_for_inference

    model, renderer = load_for_inference(settings.model)
    asked = [[{"role": "user", "content": opener}] for opener in OPENERS]
    replies = generate(model, renderer, asked, max_new_tokens=64)
    print(f"| typed | {settings.model} | the grammar's own |\n|---|---|---|")
    for opener, messages, reply in zip(OPENERS, asked, replies, strict=True):
        print(f"| {opener} | {reply.text} | {'yes' if parses_reply(messages, reply.text) else '–'} |")


if __name__ == "__main__":
    run_main(main)
