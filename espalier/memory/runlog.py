"""agents/RUNLOG.md: one line for everything that was trained, compared, judged with or exported, as it was sealed.

    - 2026-11-26 run:basil-core `afdd0a2598a1`: step 14500  valid_bits_per_byte 0.0885; from run:basil-trunk, mix:basil

The one way into that file. A workspace has a memory of its own: what is made under another ESPALIER_HOME is noted there
and touches no checkout.
"""

from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import agents_dir
from espalier.artifacts.records import write_text
from espalier.artifacts.registry import Artifact, read
from espalier.command_line.console import printable
from espalier.memory import status
from espalier.memory.access import write_or_tell
from espalier.memory.naming import named, placeless

_HEAD = """# Run log

One line for each training, evaluation, judge and export, the newest last: its name, the beginning of its content hash,
the figures that decide. Written by the commands that make them.
"""
_LONGEST = 1000
_MOST_PARENTS = 6
_DIGITS = 12


def note(spec: str, *, what: str = "", figures: str = "", page: str = "") -> None:
    """Note the complete artifact `kind:NAME`, and write STATUS.md anew.

    `what` says what is noted of it besides that it was made (its gates), which may come out otherwise another time;
    `figures` is what decided, by default what `espalier ls` says of it; `page` a report in agents/ to link to. The same
    of one content under one name is noted once, so that a command which finds its work done may note it again. What
    cannot be written is said, and is no error: the artifact is whole without it.
    """
    word, _, name = spec.partition(":")
    kind = of_word(word)
    assert kind is not None

    def written() -> None:
        _append(read(kind, name), what, figures, page)
        status.write()

    write_or_tell(written)


def _append(made: Artifact, what: str, figures: str, page: str) -> None:
    log = agents_dir() / "RUNLOG.md"
    text = log.read_text(encoding="utf-8") if log.exists() else _HEAD
    said = figures or "; from ".join(filter(None, [made.about, named(made.made_of[:_MOST_PARENTS])]))
    said = printable(placeless(said), most=_LONGEST)
    called = f"[{made.spec}]({page})" if page else made.spec
    mark = f"{called} `{str(made.manifest['content_hash'])[:_DIGITS]}`{f' {what}' if what else ''}: "
    if mark + (said if what else "") in text:
        return
    lines = text.rstrip().splitlines()
    gap = [] if lines and lines[-1].startswith("- ") else [""]
    day = str(made.manifest.get("finished", made.created))[:10]
    write_text(log, "\n".join([*lines, *gap, f"- {day} {mark}{said}", ""]))
