"""Kinds about words and texts."""

from __future__ import annotations

import random
from typing import Any

from research.self_improvement.families.programming.kinds.kind import Kind, Params

_WORDS = (
    "apple", "banana", "cat", "deer", "eel", "fig", "goose", "hat", "ibis", "jam", "kite", "lemon", "melon", "nest",
    "olive", "pear", "quilt",
)  # fmt: skip


def some_words(rng: random.Random, longest: int = 7) -> str:
    """Between one and `longest` words, with a space between them."""
    return " ".join(rng.choices(_WORDS, k=rng.randint(1, longest)))


class Repeat(Kind):
    """One expression over a text."""

    name, topic, level = "repeat", "texts", 0
    takes = {"word": "line"}
    python = "def solve(word):\n    return SEPARATOR.join([word] * K)\n"
    javascript = "function solve(word) {\n  return Array(K).fill(word).join(SEPARATOR);\n}\n"

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"K": rng.randint(2, 12), "SEPARATOR": rng.choice(["-", "+", ", ", "/", "_", " and "])}

    def asked(self, p: Params) -> str:
        return f'Given a word, find it repeated {p["K"]} times, with "{p["SEPARATOR"]}" between one and the next.'

    def truth(self, p: Params, word: str) -> str:
        return str(word + (p["SEPARATOR"] + word) * (p["K"] - 1))

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [rng.choice(_WORDS) + rng.choice(["", "s", "y"])]

    def edges(self, p: Params) -> list[list[Any]]:
        return [["a"]]


class CountWords(Kind):
    """A loop with two conditions."""

    name, topic, level = "count words", "texts", 2
    takes = {"text": "line"}
    python = """\
def solve(text):
    count = 0
    for word in text.split():
        if len(word) >= K or LETTER in word:
            count += 1
    return count
"""
    javascript = """\
function solve(text) {
  let count = 0;
  for (const word of text.split(" ").filter(part => part)) {
    if (word.length >= K || word.includes(LETTER)) {
      count += 1;
    }
  }
  return count;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"K": rng.randint(3, 7), "LETTER": rng.choice("aegilnrt")}

    def asked(self, p: Params) -> str:
        return (
            f"Given a text of words with a space between them, count the words that have {p['K']} letters or more, or "
            f'in which there is the letter "{p["LETTER"]}".'
        )

    def truth(self, p: Params, text: str) -> int:
        return sum(not (len(word) < p["K"] and p["LETTER"] not in word) for word in text.split())

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [some_words(rng, 9)]

    def edges(self, p: Params) -> list[list[Any]]:
        other = "bz"
        return [[""], [p["LETTER"]], [f"{'z' * p['K']} {'z' * (p['K'] - 1)} {other}"], ["z" * p["K"]]]


class Caesar(Kind):
    """Each letter by a rule, the others left."""

    name, topic, level = "caesar", "texts", 3
    takes = {"text": "line"}
    python = """\
def solve(text):
    found = ""
    for letter in text:
        if "a" <= letter <= "z":
            found += chr((ord(letter) - 97 + K) % 26 + 97)
        elif letter == " ":
            found += MARK
        else:
            found += letter
    return found
"""
    javascript = """\
function solve(text) {
  let found = "";
  for (const letter of text) {
    if (letter >= "a" && letter <= "z") {
      found += String.fromCharCode((letter.charCodeAt(0) - 97 + K) % 26 + 97);
    } else if (letter === " ") {
      found += MARK;
    } else {
      found += letter;
    }
  }
  return found;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"K": rng.randint(1, 25), "MARK": rng.choice("_.-")}

    def asked(self, p: Params) -> str:
        return (
            f"Given a text, put in place of each small letter from a to z the one that comes {p['K']} letters after it "
            f'in the alphabet, which begins again after z; put "{p["MARK"]}" in place of each space; leave all else.'
        )

    def truth(self, p: Params, text: str) -> str:
        letters = "abcdefghijklmnopqrstuvwxyz"
        turned = letters[p["K"] :] + letters[: p["K"]]
        return text.translate(str.maketrans(letters + " ", turned + p["MARK"]))

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        text = some_words(rng, 4)
        return [rng.choice([text, text.title(), f"{text} {rng.randint(1, 99)}"])]

    def edges(self, p: Params) -> list[list[Any]]:
        return [["az"], ["AZ{`09"], ["z y"]]


class SortBy(Kind):
    """An order by two keys."""

    name, topic, level = "sort by", "sorting", 4
    takes = {"text": "line"}
    python = """\
def solve(text):
    words = text.split()
    words = [word for word in words if len(word) > K]
    words.sort(key=lambda word: (-word.count(LETTER), word))
    return words
"""
    javascript = """\
function solve(text) {
  const count = word => word.split(LETTER).length - 1;
  const words = text.split(" ").filter(word => word.length > K);
  words.sort((one, other) => count(other) - count(one) || (one < other ? -1 : 1));
  return words;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"K": rng.randint(1, 5), "LETTER": rng.choice("aegilmnort")}

    def asked(self, p: Params) -> str:
        return (
            f"Given a text of words with a space between them, list the words of more than {p['K']} letters: first "
            f'those in which the letter "{p["LETTER"]}" stands most often, and those in which it stands equally often '
            "in alphabetical order."
        )

    def truth(self, p: Params, text: str) -> list[str]:
        words = sorted(word for word in text.split() if len(word) > p["K"])
        return sorted(words, key=lambda word: word.count(p["LETTER"]), reverse=True)

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [some_words(rng, 9)]

    def edges(self, p: Params) -> list[list[Any]]:
        longer, exact = "z" * (p["K"] + 1), "y" * p["K"]
        return [[""], [f"{longer} {exact}"], [f"{p['LETTER'] * 5} {longer} {p['LETTER'] * 6}"]]


KINDS = (Repeat(), CountWords(), Caesar(), SortBy())
