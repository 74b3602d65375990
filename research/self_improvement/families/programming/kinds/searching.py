"""Kinds that count, search or plan over a list."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise
from typing import Any

from research.self_improvement.families.programming.kinds.kind import Kind, Params
from research.self_improvement.families.programming.kinds.sums import some_numbers


class CommonRemainder(Kind):
    """Counting by a key."""

    name, topic, level = "common remainder", "dictionaries", 4
    takes = {"numbers": "numbers"}
    python = """\
def solve(numbers):
    counts = {}
    for each in numbers:
        key = each % K
        counts[key] = counts.get(key, 0) + 1
    best = NONE
    for key in range(K):
        if counts.get(key, 0) > counts.get(best, 0):
            best = key
    return best
"""
    javascript = """\
function solve(numbers) {
  const counts = new Map();
  for (const each of numbers) {
    const key = ((each % K) + K) % K;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let best = NONE;
  for (let key = 0; key < K; key++) {
    if ((counts.get(key) ?? 0) > (counts.get(best) ?? 0)) {
      best = key;
    }
  }
  return best;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"K": rng.randint(3, 12), "NONE": rng.choice([-1, -2, -3, -5, -10, -99])}

    def asked(self, p: Params) -> str:
        return (
            f"Given a list of numbers, divide each by {p['K']} and find the remainder (from 0 to {p['K'] - 1}, of "
            "negative numbers too) that comes most often, the smallest of those that come equally often; "
            f"{p['NONE']} where the list is empty."
        )

    def truth(self, p: Params, numbers: list[int]) -> int:
        counts = Counter(each % p["K"] for each in numbers)
        return min(counts, key=lambda key: (-counts[key], key)) if counts else int(p["NONE"])

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [some_numbers(rng, longest=12)]

    def edges(self, p: Params) -> list[list[Any]]:
        return [[[]], [[p["K"] - 1, p["K"] - 2]], [[-1]], [[1, 0, 1]]]


class LongestRun(Kind):
    """Two things kept from one element to the next."""

    name, topic, level = "longest run", "lists", 5
    takes = {"numbers": "numbers"}
    python = """\
def solve(numbers):
    best = 0
    run = 0
    for place in range(len(numbers)):
        if place > 0 and abs(numbers[place] - numbers[place - 1]) <= D and numbers[place] != V:
            run += 1
        else:
            run = 1
        best = max(best, run)
    return best
"""
    javascript = """\
function solve(numbers) {
  let best = 0;
  let run = 0;
  for (let place = 0; place < numbers.length; place++) {
    if (place > 0 && Math.abs(numbers[place] - numbers[place - 1]) <= D && numbers[place] !== V) {
      run += 1;
    } else {
      run = 1;
    }
    best = Math.max(best, run);
  }
  return best;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"D": rng.randint(1, 6), "V": rng.randint(0, 12)}

    def asked(self, p: Params) -> str:
        return (
            "Given a list of numbers, find the length of its longest run. A run is a stretch of neighbours in the list "
            f"in which each differs from the one before by {p['D']} at most; a number {p['V']} always begins a new run."
        )

    def truth(self, p: Params, numbers: list[int]) -> int:
        ends = [0]
        for place, (one, other) in enumerate(pairwise(numbers), 1):
            if abs(one - other) > p["D"] or other == p["V"]:
                ends.append(place)
        return max(b - a for a, b in pairwise([*ends, len(numbers)])) if numbers else 0

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        at, walk = rng.randint(0, 9), []
        for _ in range(rng.randint(1, 14)):
            walk.append(at)
            at += rng.randint(-p["D"] - 1, p["D"] + 1)
        return [walk]

    def edges(self, p: Params) -> list[list[Any]]:
        d, v = p["D"], p["V"]
        return [[[]], [[v]], [[20, 20 + d, 20 + 2 * d]], [[20, 21 + d]], [[v, v, v]], [[v + 1, v, v + 1, v + 2]]]


class PairSum(Kind):
    """A search with several right answers."""

    name, topic, level = "pair sum", "searching", 5
    takes = {"numbers": "numbers"}
    python = """\
def solve(numbers):
    for place in range(len(numbers)):
        for earlier in range(place):
            if (numbers[place] + numbers[earlier]) % K == R:
                return [earlier, place]
    return "none"
"""
    also_right = """\
numbers = [int(part) for part in input().split()]
found = [(j, i) for i in range(len(numbers)) for j in range(i + 1, len(numbers)) if (numbers[i] + numbers[j]) % K == R]
print(*found[-1] if found else ["none"])
"""
    javascript = """\
function solve(numbers) {
  for (let place = 0; place < numbers.length; place++) {
    for (let earlier = 0; earlier < place; earlier++) {
      if ((numbers[place] + numbers[earlier]) % K === R) {
        return [earlier, place];
      }
    }
  }
  return "none";
}
"""
    checker = """\
def check(given, printed):
    numbers = [int(part) for part in given.split()]
    size = len(numbers)
    pairs = [(i, j) for i in range(size) for j in range(size) if i != j and (numbers[i] + numbers[j]) % K == R]
    if not pairs:
        return printed == "none"
    parts = printed.split(" ")
    return len(parts) == 2 and all(part.isdecimal() for part in parts) and (int(parts[0]), int(parts[1])) in pairs
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        by = rng.randint(5, 15)
        return {"K": by, "R": rng.randrange(by)}

    def asked(self, p: Params) -> str:
        return (
            f"Given a list of positive numbers whose places are counted from 0, find two places whose numbers, added "
            f"up and divided by {p['K']}, leave the remainder {p['R']}. Any two such places are right, in either "
            'order; the answer is the text "none" where there are no two.'
        )

    def truth(self, p: Params, numbers: list[int]) -> Any:
        pairs = combinations(range(len(numbers)), 2)
        return next((list(each) for each in pairs if sum(numbers[i] for i in each) % p["K"] == p["R"]), "none")

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [[rng.randint(1, 40) for _ in range(rng.randint(3, 9))]]

    def edges(self, p: Params) -> list[list[Any]]:
        k, r = p["K"], p["R"]
        return [[[]], [[k + r]], [[1, k - 1 + r]], [[k, k + r, 1]], [[1, k, k, k + r]], [[2, k - 1 + r]]]


class Coins(Kind):
    """A plan that greed does not find."""

    name, topic, level = "coins", "planning", 6
    takes = {"n": "number"}
    python = """\
def solve(n):
    fewest = [0]
    for amount in range(1, n + 1):
        best = -1
        for coin in COINS:
            if coin <= amount and fewest[amount - coin] >= 0:
                if best < 0 or fewest[amount - coin] + 1 < best:
                    best = fewest[amount - coin] + 1
        fewest.append(best)
    return fewest[n]
"""
    javascript = """\
function solve(n) {
  const fewest = [0];
  for (let amount = 1; amount <= n; amount++) {
    let best = -1;
    for (const coin of COINS) {
      if (coin <= amount && fewest[amount - coin] >= 0) {
        if (best < 0 || fewest[amount - coin] + 1 < best) {
          best = fewest[amount - coin] + 1;
        }
      }
    }
    fewest.push(best);
  }
  return fewest[n];
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"COINS": sorted(rng.sample(range(3, 20), 3))}

    def asked(self, p: Params) -> str:
        one, other, last = p["COINS"]
        return (
            f"There are coins of {one}, {other} and {last}, as many as you like. Given an amount n, find the fewest "
            "coins that come to exactly n, or -1 where no coins do."
        )

    def truth(self, p: Params, n: int) -> int:
        amounts, coins = {0}, 0
        while amounts and n not in amounts:
            amounts = {amount + coin for amount in amounts for coin in p["COINS"] if amount + coin <= n}
            coins += 1
        return coins if amounts else -1

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [rng.randint(1, 90)]

    def edges(self, p: Params) -> list[list[Any]]:
        one, other, last = p["COINS"]
        return [[0], [one], [last], [1], [other * 2], [one + last]]


class StackMachine(Kind):
    """A small language to be run."""

    name, topic, level = "stack machine", "simulation", 6
    takes = {"text": "line"}
    python = """\
def solve(text):
    stack = []
    for word in text.split():
        if word == "add" and len(stack) >= 2:
            stack.append((stack.pop() + stack.pop()) % M)
        elif word == "double" and stack:
            stack.append(stack.pop() * 2 % M)
        elif word == "swap" and len(stack) >= 2:
            stack[-1], stack[-2] = stack[-2], stack[-1]
        elif word == "drop" and stack:
            stack.pop()
        elif word.isdigit():
            stack.append(int(word) % M)
    return stack
"""
    javascript = """\
function solve(text) {
  const stack = [];
  for (const word of text.split(" ").filter(part => part)) {
    if (word === "add" && stack.length >= 2) {
      stack.push((stack.pop() + stack.pop()) % M);
    } else if (word === "double" && stack.length >= 1) {
      stack.push(stack.pop() * 2 % M);
    } else if (word === "swap" && stack.length >= 2) {
      stack.push(...stack.splice(-2).reverse());
    } else if (word === "drop" && stack.length >= 1) {
      stack.pop();
    } else if (Number(word) >= 0) {
      stack.push(Number(word) % M);
    }
  }
  return stack;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"M": rng.randint(5, 99)}

    def asked(self, p: Params) -> str:
        return (
            "Given a text of words with a space between them, work through it with a stack that is empty at first. A "
            f'number is pushed; "add" takes the top two and pushes their sum; "double" doubles the top; "swap" changes '
            f'the places of the top two; "drop" takes the top away. All numbers are kept as remainders of {p["M"]}. A '
            "word for which too little is on the stack does nothing. The answer is the stack as a list, bottom first."
        )

    def truth(self, p: Params, text: str) -> list[int]:
        stack: list[int] = []
        for word in text.split():
            top = stack[-2:]
            match word, len(top):
                case "add", 2:
                    stack[-2:] = [sum(top) % p["M"]]
                case "swap", 2:
                    stack[-2:] = top[::-1]
                case "double", 1 | 2:
                    stack[-1] = top[-1] * 2 % p["M"]
                case "drop", 1 | 2:
                    del stack[-1]
                case "add" | "swap" | "double" | "drop", _:
                    pass
                case number, _:
                    stack.append(int(number) % p["M"])
        return stack

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        words = [
            str(rng.randint(0, 60)) if rng.random() < 0.55 else rng.choice(["add", "double", "swap", "drop"])
            for _ in range(rng.randint(2, 12))
        ]
        return [" ".join(words)]

    def edges(self, p: Params) -> list[list[Any]]:
        texts = ["", "add 1", "1 add", "swap 1 swap 2 swap", "double drop 3 double", f"{p['M']} {p['M'] - 1} add"]
        return [[text] for text in texts]


KINDS = (CommonRemainder(), LongestRun(), PairSum(), Coins(), StackMachine())
