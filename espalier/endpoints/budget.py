"""What may be spent on an endpoint: requests and money, reckoned so that the limit is kept and not only noticed."""

from __future__ import annotations

import asyncio
from typing import Self

from pydantic import Field, model_validator

from espalier.command_line.config import Config


class BudgetSettings(Config):
    """What may be spent, over all times the command is run. Null: no limit."""

    calls: int | None = Field(None, ge=0)
    """Requests sent, those sent again among them."""
    usd: float | None = Field(None, ge=0)
    """US dollars, reckoned from the prices below and the tokens that the server reports."""
    prompt_price: float | None = Field(None, ge=0)
    """US dollars for a million prompt tokens."""
    completion_price: float | None = Field(None, ge=0)
    """US dollars for a million tokens of replies."""

    @model_validator(mode="after")
    def _has_prices(self) -> Self:
        if self.usd is not None and (self.prompt_price is None or self.completion_price is None):
            raise ValueError("usd: wants prompt_price and completion_price beside it")
        return self

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars; 0 where no price is given."""
        cost = prompt_tokens * (self.prompt_price or 0.0) + completion_tokens * (self.completion_price or 0.0)
        return cost / 1e6


class BudgetReached(Exception):
    """The next request might pass the budget."""


class Budget:
    """Keeps within what may be spent. A request's highest possible price is held back until its true one is known.

    What a server charges for a request that it never answered is not known, and not counted.
    """

    def __init__(self, settings: BudgetSettings, *, calls: int = 0, usd: float = 0.0) -> None:
        self.settings = settings
        self.calls = calls
        """Requests sent so far."""
        self.usd = usd
        """US dollars spent so far."""
        self._held = 0.0
        self._changed = asyncio.Condition()

    def count_call(self) -> None:
        """Note that a request is about to be sent. Raises BudgetReached instead where it would be one too many."""
        if self.settings.calls is not None and self.calls >= self.settings.calls:
            raise BudgetReached(f"budget.calls: {self.calls:,} requests were sent")
        self.calls += 1

    async def hold(self, usd: float) -> None:
        """Hold back the highest possible price of a request; waits for others under way where it may yet fit."""
        limit = self.settings.usd
        async with self._changed:
            while limit is not None and self.usd + self._held + usd > limit:
                if not self._held:
                    raise BudgetReached(f"budget.usd: {self.usd:.4f} spent, and the next request may cost {usd:.4f}")
                await self._changed.wait()
            self._held += usd

    async def settle(self, held: float, spent: float) -> None:
        """Give back what was held, and note what was spent."""
        async with self._changed:
            self._held = self._held - held if self._held > held * 1.000001 else 0.0
            self.usd += spent
            self._changed.notify_all()
