"""The lineage of artifacts, drawn as a tree; beside a run stands what decided in its evaluations.

What descends from two is drawn below the first of them and named again below the second; where one of the two descends
from the other, it is drawn below that one alone. A loop's rounds stand one
below the other, not inside one another, though each is made from the one before.
"""

from collections.abc import Iterable, Iterator, Mapping

from espalier.artifacts.kinds import is_artifact
from espalier.artifacts.lineage import ancestors, change, descendants, reach
from espalier.artifacts.registry import Artifact
from espalier.artifacts.scored import Score, scores_of_runs
from espalier.command_line.console import printable

_BOXES = ("├── ", "└── ", "│   ", "    ", "◀")
_ASCII = ("|-- ", "`-- ", "|   ", "    ", "<--")
_LONGEST = 100


def draw(among: Mapping[str, Artifact], *, around: str | None = None, boxes: bool = True) -> Iterator[str]:
    """The lines of a tree of all artifacts, or of the ancestors and descendants of `around`; `among` is by spec.

    Every node is drawn once with what is below it, so that it ends whatever the manifests say, cycles included.
    """
    tee, elbow, bar, blank, mark = _BOXES if boxes else _ASCII
    scores = scores_of_runs(among.values())
    below = _below(among, around)
    under_another = {node for nodes in below.values() for node in nodes}
    # Where artifacts descend from one another in a circle, none of them is a root: they follow the roots.
    waiting = [node for node in below if node not in under_another] + [node for node in below if node in under_another]
    drawn: set[str] = set()
    for root in waiting:
        stack = [] if root in drawn else [(root, "", "")]
        while stack:
            node, lead, indent = stack.pop()
            again = node in drawn
            yield lead + _label(node, among, scores.get(node, []), again) + (f"  {mark}" if node == around else "")
            if again:
                continue
            drawn.add(node)
            nodes = below[node]
            for place, each in reversed(list(enumerate(nodes, start=1))):
                last = place == len(nodes)
                stack.append((each, indent + (elbow if last else tee), indent + (blank if last else bar)))


def _below(among: Mapping[str, Artifact], around: str | None) -> dict[str, list[str]]:
    """Of each node those drawn below it: artifacts, what is no artifact or is gone, loops, and rounds of loops."""
    chosen = None if around is None else {around, *ancestors(around, among), *descendants(around, among)}
    below: dict[str, dict[str, None]] = {}

    def put(parent: str, child: str) -> None:
        below.setdefault(parent, {})[child] = None
        below.setdefault(child, {})

    for spec, each in among.items():
        if chosen is not None and spec not in chosen:
            continue
        parents = [parent for parent in each.made_of if chosen is None or parent in chosen]
        if each.round is None:
            for parent in parents:
                put(parent, spec)
            below.setdefault(spec, {})
            continue
        loop, number = each.round.loop, each.round.number
        within = [parent for parent in parents if _round_of(parent, among) == (loop, number)]
        for parent in parents:
            if (_round_of(parent, among) or (None,))[0] != loop:
                put(parent, f"loop {loop}")
        put(f"loop {loop}", f"loop {loop}, round {number}")
        for parent in within or [f"loop {loop}, round {number}"]:
            put(parent, spec)
    return {node: _nearest(nodes, below) if len(nodes) > 1 else list(nodes) for node, nodes in below.items()}


def _nearest(nodes: Iterable[str], below: Mapping[str, Iterable[str]]) -> list[str]:
    """Of the nodes below one, those that are not below another of them too: there they are drawn."""
    reached = {node: {node, *reach(node, lambda one: below[one])} for node in nodes}
    return [
        node
        for node in nodes
        if not any(node in found and other not in reached[node] for other, found in reached.items())
    ]


def _round_of(spec: str, among: Mapping[str, Artifact]) -> tuple[str, int] | None:
    found = among[spec].round if spec in among else None
    return (found.loop, found.number) if found else None


def _label(node: str, among: Mapping[str, Artifact], scores: list[Score], again: bool) -> str:
    found = among.get(node)
    words = [printable(node, most=_LONGEST)]
    if again:
        words.append("(above)")
    elif found:
        words += [] if found.state == "complete" else [f"[{found.state}]"]
        words.append(printable(found.about, most=_LONGEST))
        words += [printable(str(score), most=_LONGEST) for score in scores]
        parents = (found.parents or {}).items()
        changed = [parent for parent, digest in parents if change(parent, digest, among) == "changed"]
        words += [f"({printable(parent, most=_LONGEST)} has changed since)" for parent in changed]
        words += ["(nobody wrote down what it was made from)"] if found.parents is None else []
    elif is_artifact(node):
        words.append("(gone)")
    return "  ".join(filter(None, words))
