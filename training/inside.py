"""Look inside a model: what its layers know of words, what they would say, what its heads look at, over its training.

    python training/inside.py NAME                       # or: espalier inside NAME
    python training/inside.py NAME --step 2000 8000 --sentence "Yesterday Anna bought two apples." --out inside.png

NAME is a run, of which every kept step is looked at (and what it measured of itself while it was trained), or a path or
hub name. Probes are trained on words of the curriculum and asked about others; a sentence is shown through the logit
lens, with the attention of each head.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from training.probing.telling import Inside

_KINDS = (".png", ".html", ".md")


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    out = Path(arguments.out).expanduser() if arguments.out else None
    if out and out.suffix not in _KINDS:
        raise UserError(f"--out {out}: name a file that ends in {', '.join(_KINDS)}")
    if out and not out.parent.is_dir():
        raise UserError(f"--out {out}: there is no folder {out.parent}")
    if arguments.only_sentence and not arguments.sentence:
        raise UserError("--only_sentence wants a --sentence to look at")
    look(arguments, out)
    return 0


def look(arguments: argparse.Namespace, out: Path | None) -> None:
    """Measure, tell, draw."""
    from dataclasses import replace

    from espalier.command_line.console import say
    from espalier.models.devices import check_here
    from training.probing.attention import attention
    from training.probing.lens import lens
    from training.probing.material import labelled
    from training.probing.moments import is_of_chats, moments, opened, watched_pictures
    from training.probing.probes import probe
    from training.probing.record import as_picture
    from training.probing.telling import Inside

    check_here(arguments.device)
    found = moments(arguments.name, arguments.step)
    inside = Inside(name=arguments.name.rstrip("/").rpartition("/")[2], sentence=arguments.sentence or "")
    probes = {} if arguments.step or arguments.only_sentence else watched_pictures(arguments.name, "probes")
    texts = max(10, arguments.sentences // 5)
    marked = [] if arguments.only_sentence else labelled(sentences=arguments.sentences, sessions=texts, dialogues=texts)
    said = arguments.sentence or ""
    asked = [{"role": "user", "content": said}] if is_of_chats(arguments.name) and not arguments.text else said
    random = [] if arguments.only_sentence else [replace(found[-1], label="random weights", random=True)]
    for moment in [*random, *found]:
        say(f"looking at {arguments.name}, {moment.label}")
        model, renderer = opened(moment, device=arguments.device, chat_template=arguments.chat_template)
        if marked:
            picture = as_picture(probe(model, renderer, marked))
            if moment.step is None or moment.random:
                inside.probes.append((moment.label, picture))
            else:
                probes[moment.step] = picture
        if said and not moment.random:
            inside.lenses.append((moment.label, lens(model, renderer, asked)))
            inside.attentions.append((moment.label, attention(model, renderer, asked)))
    inside.probes += [(f"step {step:,}", probes[step]) for step in sorted(probes)]
    for line in inside.lines():
        say(line)
    if out:
        for path in _written(inside, out, dark=arguments.dark):
            say(f"wrote {path}")


def _written(inside: "Inside", out: Path, *, dark: bool) -> list[Path]:
    """The files that `out` becomes."""
    import tempfile

    from espalier.artifacts import records

    if out.suffix == ".png":
        return list(inside.draw(out, dark=dark).values())
    if out.suffix == ".md":
        drawn = inside.draw(out.with_name(f"{out.stem}.png"), dark=dark)
        records.write_text(out, inside.markdown({what: path.name for what, path in drawn.items()}))
        return [out, *drawn.values()]
    with tempfile.TemporaryDirectory() as folder:
        pictures = [inside.draw(Path(folder) / f"{name}.png", dark=name == "dark") for name in ("light", "dark")]
        records.write_text(out, inside.html(*pictures))
    return [out]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="espalier inside", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", metavar="NAME", help="a run, a path or a hub name; NAME@step-000100 for one checkpoint")
    parser.add_argument("--step", type=int, nargs="+", default=[], metavar="N", help="only these kept steps of a run")
    parser.add_argument("--sentence", metavar="TEXT", help="a sentence for the lens and for attention")
    parser.add_argument("--only_sentence", action="store_true", help="no probes, which take longest on a large model")
    parser.add_argument("--text", action="store_true", help="read the sentence as plain text, not as a learner's turn")
    parser.add_argument("--out", metavar="FILE", help="write pictures (.png), or a report with them (.html, .md)")
    parser.add_argument("--dark", action="store_true", help="pictures on black; an .html has both")
    parser.add_argument("--sentences", type=int, default=500, metavar="N", help="sentences that are probed (500)")
    parser.add_argument("--chat_template", metavar="T", help="builtin template or file, for a model that has none")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 and so on, or auto (auto)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


if __name__ == "__main__":
    run_main(main)
