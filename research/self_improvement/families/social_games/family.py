"""The family of social games: a challenge is a deal of a game, some seats called and the others filled by policies.

What is won by the rules is the score. Conduct is counted beside it (`conduct.py`), and games are ranked by how rich
they are (`richness.py`).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from research.self_improvement.families.family import (
    Called,
    Challenge,
    Family,
    Messages,
    Performance,
    Playing,
    Refused,
    Verdict,
)
from research.self_improvement.families.social_games.game import Game, Outcome, S, Setting
from research.self_improvement.families.social_games.games import GAMES, LEVELS, SMALL
from research.self_improvement.families.social_games.policies import POLICIES
from research.self_improvement.families.social_games.prompts import to_compare, to_move, to_propose
from research.self_improvement.families.social_games.richness import played

if TYPE_CHECKING:
    from espalier.sandbox import Pool

HELD_OUT = 0.15
"""Of the settings, those that are kept for examinations."""
HARDEST_TRAINED = LEVELS - 2
"""Harder ones are only ever examined."""
LEAST_GAP = 0.02
"""What the most skilled policy has to win more than the least, in a setting that is worth playing."""
_GAMES = 8
"""Played to find that out."""
_TRIES = 1_000
"""Deals without one that fits, after which there is taken to be none."""
TOGETHER = 0.2
"""Of the games that allow it, those in which all seats are called."""


class SocialGames(Family):
    """Several players, rules in code."""

    name = "social games"
    has_truth = True
    trained = HARDEST_TRAINED + 1

    def __init__(self, *, small: bool = False) -> None:
        """`small` for models that know a few words only: the games whose moves are all that is said, and their rules
        are not told."""
        self._small = small
        self.games = {name: GAMES[name] for name in (SMALL if small else GAMES)}

    def written(self, rng: random.Random, difficulty: int) -> Challenge:
        return self._dealt(rng, rng.choice(list(self.games)), difficulty, held_out=False)

    def ask_for(self, rng: random.Random, seeds: Sequence[Challenge], difficulty: int) -> Messages:
        name = rng.choice([seed.known["game"] for seed in seeds] or list(self.games))
        shown = [_said(seed.known["setting"]) for seed in seeds if seed.known["game"] == name]
        return to_propose(name, shown, difficulty, HARDEST_TRAINED)

    def read(self, reply: str, proposer: str, difficulty: int) -> Challenge | Refused:
        """A setting is known by its keys, which no two games share."""
        data = _object(reply)
        if data is None:
            return Refused("no JSON object")
        name = next((name for name, game in self.games.items() if set(data) == set(game.setting.model_fields)), None)
        if name is None:
            return Refused("keys of no game's setting")
        try:
            setting = self.games[name].setting.model_validate_json(json.dumps(data))
        except ValidationError:
            return Refused("values that no setting has")
        if problem := self.games[name].problem(setting):
            return Refused(problem)
        # Drawn by the setting alone, so that nobody who proposes chooses an opponent.
        rng = random.Random(_said(setting.model_dump(mode="json")))
        return self._challenge(rng, name, setting, self.games[name].difficulty(setting), proposer)

    def check(self, challenges: Sequence[Challenge], pool: Pool | None) -> list[Challenge | Refused]:
        return [self._checked(each) for each in challenges]

    def play(self, challenge: Challenge, rng: random.Random) -> Playing:
        name, seats = challenge.known["game"], challenge.known["seats"]
        game, setting = opened(challenge)
        turns = game.turns(setting, rng)
        view = next(turns)
        knew = dict[str, str]()
        while True:
            policy = seats[view.player]
            if policy is None:
                knew.setdefault(view.player, view.known)
                said = yield Called(view.player, to_move(name, view, small=self._small))
            else:
                said = POLICIES[name][policy](view, rng)
            try:
                view = turns.send(said)
            except StopIteration as over:
                return _performance(over.value, _called(challenge), knew)

    def verify(self, challenge: Challenge, performances: Sequence[Performance], pool: Pool | None) -> list[Verdict]:
        """What those who were called have won, in the middle; nothing where one of them made no move."""
        return [_verdict(each) for each in performances]

    def compare(self, challenge: Challenge, one: Performance, other: Performance) -> Messages:
        return to_compare(challenge, one, other)

    def quality(self, challenge: Challenge) -> float:
        """What skill wins in its setting."""
        return min(1.0, max(0.0, _gap(challenge)))

    def examination(self, size: int) -> list[Challenge]:
        rng = random.Random("examination of social games")
        cells = [(level, name) for level in range(LEVELS) for name in self.games]
        # Levels first: a small examination has all of them, and the games in turn.
        cells = [cells[(at % LEVELS) * len(self.games) + at // LEVELS % len(self.games)] for at in range(size)]
        return [self._dealt(rng, name, level, held_out=True) for level, name in sorted(cells)]

    def by_policy(self, challenge: Challenge, place: int, rng: random.Random) -> Performance:
        """What comes of it where those who are called speak by a policy of their game: by its place, from the least
        skilled, so that -1 is the most skilled."""
        game, setting = opened(challenge)
        policies = POLICIES[game.name]
        called = list(policies.values())[place]
        says = {seat: policies[by] if by else called for seat, by in challenge.known["seats"].items()}
        return _performance(played(game, setting, says, rng), _called(challenge), {})

    def _dealt(self, rng: random.Random, name: str, difficulty: int, *, held_out: bool) -> Challenge:
        for _ in range(_TRIES):
            setting = self.games[name].deal(rng, difficulty)
            if is_held_out(self.games[name], setting) == held_out:
                found = self._challenge(rng, name, setting, difficulty, "rules")
                if _gap(found) >= LEAST_GAP:
                    return found
        raise RuntimeError(f"{name} deals nothing of difficulty {difficulty} that is worth playing")

    def _challenge(self, rng: random.Random, name: str, setting: Setting, difficulty: int, proposer: str) -> Challenge:
        """Who is called, and by which policies the others play: none of the least skilled."""
        game, others = self.games[name], list(POLICIES[name])[1:]
        names = game.seats(setting)
        called = rng.choice(names)
        together = game.all_may_be_called and rng.random() < TOGETHER
        seats = {seat: None if together or seat == called else rng.choice(others) for seat in names}
        return Challenge(
            family=self.name,
            skill=name,
            difficulty=difficulty,
            content=game.words(setting),
            known={"game": name, "setting": setting.model_dump(mode="json"), "seats": seats},
            proposer=proposer,
        )

    def _checked(self, challenge: Challenge) -> Challenge | Refused:
        if is_held_out(*opened(challenge)):
            return Refused("a setting that is kept for the examination")
        if challenge.difficulty > HARDEST_TRAINED:
            return Refused("harder than anything that is trained on")
        if _gap(challenge) < LEAST_GAP:
            return Refused("a setting in which skill wins nothing")
        return challenge


def is_held_out(game: Game[S], setting: S) -> bool:
    """Whether a setting is kept for examinations: by the SHA-256 of what it comes to, whoever plays it."""
    digest = hashlib.sha256(json.dumps([game.name, game.core(setting)], sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:4], "big") < HELD_OUT * 2**32


def _said(setting: Mapping[str, Any]) -> str:
    return json.dumps(setting, sort_keys=True, ensure_ascii=False)


def opened(challenge: Challenge) -> tuple[Game[Any], Setting]:
    game = GAMES[challenge.known["game"]]
    return game, game.setting.model_validate_json(json.dumps(challenge.known["setting"]))


def _gap(challenge: Challenge) -> float:
    """What the most skilled policy wins more than the least in the seats that are called."""
    game, setting = opened(challenge)
    policies = POLICIES[game.name]
    won = list[float]()
    for policy in (list(policies)[-1], next(iter(policies))):
        says = {seat: policies[by or policy] for seat, by in challenge.known["seats"].items()}
        for number in range(_GAMES):
            outcome = played(game, setting, says, random.Random(f"{challenge.id}/{number}"))
            won.append(_mean([outcome.winnings[seat] for seat in _called(challenge)]))
    return _mean(won[:_GAMES]) - _mean(won[_GAMES:])


def _called(challenge: Challenge) -> list[str]:
    return [seat for seat, by in challenge.known["seats"].items() if by is None]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _object(reply: str) -> dict[str, Any] | None:
    """The JSON object from the first brace of a reply on."""
    start = reply.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(reply, start) if start >= 0 else (None, 0)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _performance(outcome: Outcome, called: Sequence[str], knew: Mapping[str, str]) -> Performance:
    facts = {
        "called": list(called),
        "knew": dict(knew),
        "winnings": dict(outcome.winnings),
        "incidents": [asdict(each) for each in outcome.incidents],
        "turns": len(outcome.choices),
        "why": outcome.why,
    }
    return Performance(text="\n".join(outcome.lines), facts=facts)


def _verdict(performance: Performance) -> Verdict:
    facts = performance.facts
    if lost := [each for each in facts["incidents"] if each["kind"] == "no move" and each["player"] in facts["called"]]:
        return Verdict(0.0, lost[0]["said"])
    won = [facts["winnings"][player] for player in facts["called"]]
    return Verdict(_mean(won), facts["why"])
