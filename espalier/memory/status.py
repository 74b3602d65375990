"""agents/STATUS.md: what there is in a workspace and what it reached, told from manifests alone.

The same artifacts give the same text: nothing in it depends on the day, the machine or who is at work just now. Its
last line is a hash of those above it, so that an edit by hand is noticed, and not written over.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from espalier.artifacts import registry
from espalier.artifacts.kinds import KINDS, verification
from espalier.artifacts.paths import agents_dir
from espalier.artifacts.records import write_text
from espalier.artifacts.registry import Artifact
from espalier.artifacts.scored import Score, scores_of_runs
from espalier.command_line import console
from espalier.errors import UserError
from espalier.memory.access import held
from espalier.memory.naming import named, placeless
from espalier.report import escape, table

_HEAD = """# Status

What there is and what it reached, from the manifests of this workspace. `espalier status` writes this page, and so does
every command that notes something in [RUNLOG.md](RUNLOG.md). It is never edited by hand: what people have to say goes
to [DEVLOG.md](DEVLOG.md), and what comes next to [KANBAN.md](KANBAN.md).
"""
_SEAL = re.compile(r"<!-- sha256 of all above: ([0-9a-f]{64}) -->\n\Z")
_DIGITS = 12


def path() -> Path:
    """Where the page lies."""
    return agents_dir() / "STATUS.md"


def write() -> None:
    """Write the page. UserError where somebody edited the one that is there: their words are not written over."""
    check()
    text = render(registry.survey())
    if not path().exists() or path().read_text(encoding="utf-8") != text:
        write_text(path(), text)


def show() -> None:
    """Write the page and print it."""
    with held():
        write()
    console.say(path().read_text(encoding="utf-8").rstrip())


def say_whether_it_holds() -> None:
    """Say that the page tells of what there is. UserError where it does not, or was edited by hand."""
    check()
    if not path().exists() or path().read_text(encoding="utf-8") != render(registry.survey()):
        raise UserError(f"{path()}: tells of other artifacts than there are now; espalier status writes it anew")
    console.say(f"{path()}: tells of what there is")


def check() -> None:
    """UserError where the page was edited by hand since it was written."""
    if path().exists() and not is_sealed(path().read_text(encoding="utf-8")):
        raise UserError(
            f"{path()}: was edited by hand since it was written; move what you wrote to DEVLOG.md and remove the file: "
            "espalier status writes it again"
        )


def is_sealed(text: str) -> bool:
    """Whether `text` is a page as it was written."""
    seal = _SEAL.search(text)
    return seal is not None and seal[1] == _digest(text[: seal.start()])


def render(among: Iterable[Artifact]) -> str:
    """The page about these artifacts."""
    known = [each for each in among if not each.is_leftover and each.state != "foreign"]
    done = [each for each in known if each.state == "complete"]
    counts = [(sum(each.kind is kind for each in done), kind) for kind in KINDS]
    said = ", ".join(f"{number} {kind.word if number == 1 else kind.several}" for number, kind in counts if number)
    sections = [_HEAD, f"{said or 'Nothing is complete yet'}.\n", *_models(done)]
    for kind in KINDS:
        found = sorted((each for each in done if each.kind is kind and kind.word != "run"), key=lambda each: each.name)
        if found:
            rows = [[each.name, placeless(each.about), named(each.made_of) or None, _content(each)] for each in found]
            sections.append(f"## {kind.several.capitalize()}\n")
            sections.append(table([kind.word, "what it is", "made from", "content"], rows))
    begun = sorted(each.spec for each in known if each.state not in ("complete", "damaged"))
    damaged = sorted(each.spec for each in known if each.state == "damaged")
    for title, names in (("Begun, not complete", begun), ("Damaged", damaged)):
        if names:
            sections.append(f"## {title}\n")
            sections.append("".join(f"- {escape(name)}\n" for name in names))
    text = "\n".join(sections)
    return f"{text}\n<!-- sha256 of all above: {_digest(text + chr(10))} -->\n"


def _models(done: list[Artifact]) -> list[str]:
    """Runs, each below the one that it grew from, with what decided in their evaluations and where they went."""
    runs = {each.spec: each for each in done if each.kind.word == "run"}
    if not runs:
        return []
    scores = scores_of_runs(done)
    exports = sorted((each for each in done if each.kind.word == "export"), key=lambda each: each.name)
    rows = []
    for depth, run in _grown(runs):
        went_to = [f"{each.name} ({verification(each.facts)})" for each in exports if run.spec in each.made_of]
        rows.append(
            [
                f"{'· ' * depth}{run.name}",
                named(spec for spec in run.made_of if spec not in runs) or None,
                placeless(run.about),
                "; ".join(_said(score) for score in scores.get(run.spec, [])) or None,
                "; ".join(went_to) or None,
                _content(run),
            ]
        )
    headers = ["run, below its parent", "made from", "what it is", "what decided (95 % interval)", "exports", "content"]
    return ["## Models\n", table(headers, rows)]


def _grown(runs: Mapping[str, Artifact]) -> Iterator[tuple[int, Artifact]]:
    """Runs in the order in which they grew from one another, with how far they are from their roots; each once."""
    below: dict[str, list[str]] = {}
    for spec in sorted(runs):
        parent = next((each for each in runs[spec].made_of if each in runs and each != spec), "")
        below.setdefault(parent, []).append(spec)
    drawn: set[str] = set()
    for root in [*below.get("", []), *sorted(runs)]:  # those in a circle have no root
        stack = [(0, root)]
        while stack:
            depth, spec = stack.pop()
            if spec not in drawn:
                drawn.add(spec)
                yield depth, runs[spec]
                stack += [(depth + 1, child) for child in reversed(below.get(spec, []))]


def _said(score: Score) -> str:
    return f"{score}{f' ({score.withheld})' if score.withheld else ''} in {score.scores}"


def _content(each: Artifact) -> str | None:
    digest: Any = each.manifest.get("content_hash")
    return digest[:_DIGITS] if isinstance(digest, str) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
