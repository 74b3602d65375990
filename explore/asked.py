"""What a page asks for, by the path that it asks at; each answer is JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from espalier.signals.control import tell
from explore.figures import Series, thinned
from explore.scored import reasoned

if TYPE_CHECKING:
    from explore.place import Place
    from explore.record import Record

_MOST_SERIES = 64
_WIDEST = 4000
_LONGEST_TEXT = 2000
"""Characters of a sentence that is looked into."""
Told = Mapping[str, Any]


class Unanswerable(Exception):
    """A question that has no answer: what is wrong, and the status that says of what kind that is."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class Acts:
    """The answers of one page."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.by_path: dict[str, Callable[[Told], dict[str, Any]]] = {
            "/state": self.state,
            "/series": self.series,
            "/happened": lambda told: self._record.happened(_place(told, "before")),
            "/answers": lambda told: {"answers": self._record.newest("answers", _place(told, "before"))},
            "/turns": lambda told: {"turns": self._record.newest("turns", _place(told, "before"))},
            "/journal": lambda told: self._record.journal(_place(told, "before")),
            "/picture": self.picture,
            "/inside": self.inside,
            "/warm": self.warm,
            "/operate": self.operate,
            "/scores": lambda told: reasoned(self._place.name),
        }

    @property
    def _record(self) -> Record:
        if self._place.record is None:
            raise Unanswerable("this is a model, and no run: nothing was kept of how it was trained", 404)
        return self._place.record

    def state(self, told: Told) -> dict[str, Any]:
        """How things stand, with what does not change from second to second."""
        place = self._place
        found = place.look()
        if place.figures is None or place.record is None:
            logged: dict[str, list[str]] = {"figures": [], "signals": []}
            pictures: dict[str, list[int]] = {}
        else:
            logged = {"figures": place.figures.names(), "signals": place.record.names()}
            pictures = place.record.pictures()
        return {
            **found,
            "models": list(place.models()),
            "logged": logged,
            "pictures": pictures,
            "trouble": place.record.trouble if place.record else "",
        }

    def series(self, told: Told) -> dict[str, Any]:
        """Figures from one step to another, as few of them as a chart is wide."""
        names = told.get("names")
        if not isinstance(names, list) or len(names) > _MOST_SERIES or not all(isinstance(n, str) for n in names):
            raise Unanswerable("wants a list of names")
        width = min(_place(told, "width") or 600, _WIDEST)
        if self._place.figures:
            self._place.figures.read()
        found = {name: series for name in names if (series := self._find(name)) is not None and len(series[0])}
        ends = [int(series[0][-1]) for series in found.values()]
        first, last = _place(told, "first") or 0, _place(told, "last")
        last = max([first, *ends]) if last is None else max(first, last)
        return {
            "first": first,
            "last": last,
            "series": {name: thinned(series, first, last, max(width, 1)) for name, series in found.items()},
        }

    def _find(self, name: str) -> Series | None:
        place = self._place
        found = place.figures.series(name) if place.figures else None
        return found if found is not None else place.record.series(name) if place.record and "." in name else None

    def picture(self, told: Told) -> dict[str, Any]:
        """What was measured inside, after a step."""
        what, step = told.get("what"), _place(told, "step")
        if not isinstance(what, str) or step is None:
            raise Unanswerable("wants what it is a picture of, and the step")
        return {"what": what, "step": step, "value": self._record.picture(what, step)}

    def inside(self, told: Told) -> dict[str, Any]:
        """What a model computes of a sentence, and what its layers know."""
        from explore.inside import look_inside

        text, model, what = told.get("text"), told.get("model"), told.get("what")
        if not isinstance(model, str) or not isinstance(what, str):
            raise Unanswerable("wants a model, and what to look at")
        if what != "probes" and (not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_TEXT):
            raise Unanswerable(f"wants a sentence, of at most {_LONGEST_TEXT:,} characters")
        return look_inside(self._place.talk[0], model, what, str(text), as_chat=told.get("as_chat") is True)

    def warm(self, told: Told) -> dict[str, Any]:
        """Import what models need, so that the first words come sooner."""
        assert self._place.talk
        return {}

    def operate(self, told: Told) -> dict[str, Any]:
        """A word to the training, once it was confirmed."""
        if told.get("confirmed") is not True:
            raise Unanswerable("wants to be confirmed")
        if not self._place.is_run:
            raise Unanswerable("this is a model, and no run: there is no training to be told anything", 404)
        word, every = told.get("word"), told.get("every")
        if not isinstance(word, str) or (word == "every") != (type(every) is int):
            raise Unanswerable("wants a word, and for every a whole number of steps")
        return {"said": tell(self._place.name, f"every {every}" if word == "every" else word)}


def _place(told: Told, key: str) -> int | None:
    value = told.get(key)
    return value if type(value) is int and 0 <= value < 2**62 else None
