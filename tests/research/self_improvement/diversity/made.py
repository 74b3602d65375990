"""Challenges for tests."""

from collections.abc import Sequence

from research.self_improvement.diversity.archive import Elite
from research.self_improvement.diversity.ranking import Candidate, Tried
from research.self_improvement.families.family import Challenge

VARIED = [
    "Print the sum of the numbers from 1 to 10.",
    "Which of these words is a palindrome: level, table, chair?",
    "Sort a list of names by their last letter.",
    "Count how often each vowel occurs in a sentence.",
    "Find the shortest path through a maze drawn with hashes.",
    "Turn a Roman numeral into an ordinary one.",
    "How many days lie between two dates of a year?",
    "Reverse the order of lines, keeping indentation.",
    "Decide whether brackets in an expression are balanced.",
    "Draw a triangle of stars as high as is asked.",
    "Split a bill among friends who ate unequal dishes.",
    "Tell the time in words, to the nearest quarter.",
]
UNTRIED = Tried()
ONE = "Print the sum of the numbers from 1 to 10, please, and then print the word done."


def challenge(content: str, skill: str = "text", difficulty: int = 0, family: str = "made") -> Challenge:
    return Challenge(family=family, skill=skill, difficulty=difficulty, content=content)


def challenges(contents: Sequence[str], skill: str = "text") -> list[Challenge]:
    return [challenge(each, skill) for each in contents]


def candidate(content: str, quality: float = 1.0, tried: Tried = UNTRIED, **of_challenge: object) -> Candidate:
    return Candidate(challenge=challenge(content, **of_challenge), quality=quality, tried=tried)  # type: ignore[arg-type]


def elite(content: str, quality: float = 1.0, round: int = 0, **of_challenge: object) -> Elite:
    return Elite(candidate=candidate(content, quality, **of_challenge), round=round)  # type: ignore[arg-type]
