"""espalier ls | runs | show NAME | tree | chat NAME | rm NAME | reproduce NAME: what was made.
espalier signals NAME, pause | resume | stop | checkpoint | self-play | reflect NAME, every NAME N: a run that trains.
espalier explore NAME: a page on which to watch a run, and to talk to it. espalier serve NAME…: models answer at an
address. espalier inside NAME: what its layers know and its heads look at, over its steps.
espalier rate: a page on which teachers rate what they say.
espalier status | board | standup: the written memory, agents/."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from espalier.errors import run_main

_ELSEWHERE = {"rate": "feedback/rate.py", "explore": "explore/run.py", "inside": "training/inside.py"}
"""Commands that have front doors of their own."""


def main(argv: list[str]) -> int:
    """Run one of the commands; returns the exit code."""
    if argv[:1] and argv[0] in _ELSEWHERE:
        from espalier.command_line.subcommand import run_command

        return run_command(_ELSEWHERE[argv[0]], *argv[1:])
    arguments = _parser().parse_args(argv)
    return arguments.command(arguments) or 0


def entry() -> NoReturn:
    """The `espalier` command."""
    # A manifest may say anything: what a terminal cannot show is escaped.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    run_main(main)


_WORDS = {
    "pause": "let a run that trains wait, at a checkpoint",
    "resume": "let a paused one go on",
    "stop": "end its process, at a checkpoint",
    "checkpoint": "keep one now",
    "every": "set the steps between its monitors' looks, check-ins and self-play",
    "self-play": "let it talk to itself now",
    "reflect": "ask it what it makes of itself, for its journal",
}
"""What a run that trains can be told."""


def _parser() -> argparse.ArgumentParser:
    debug = argparse.ArgumentParser(add_help=False)
    debug.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser = argparse.ArgumentParser(prog="espalier", description=__doc__, parents=[debug])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    named = "NAME, or kind:NAME (mix:basil) where several kinds have one of that name"
    everything = commands.add_parser("ls", parents=[debug], help="list artifacts of all kinds, a line for each")
    everything.add_argument("kinds", nargs="*", metavar="KIND", help="only these: runs, mixes, scores and so on")
    everything.set_defaults(command=_list)

    runs = commands.add_parser("runs", parents=[debug], help="list runs: state, parents, step, key figures; `ls runs`")
    runs.set_defaults(command=_list, kinds=["runs"])

    show = commands.add_parser("show", parents=[debug], help="all about one: what it is, descends from, reached")
    show.add_argument("name", help=named)
    show.add_argument("--config", action="store_true", help="print its resolved configuration as YAML, nothing else")
    show.set_defaults(command=_show)

    tree = commands.add_parser("tree", parents=[debug], help="draw what was made from what")
    tree.add_argument("name", nargs="?", help=f"only its ancestors and descendants: {named}")
    tree.set_defaults(command=_tree)

    chat = commands.add_parser(
        "chat", parents=[debug], help="talk to a model in the terminal, or line by line on stdin"
    )
    chat.add_argument("name", help="a run's name, a path, or a hub name")
    chat.add_argument("--once", metavar="TEXT", help="answer this one message and stop")
    chat.add_argument("--system", metavar="TEXT", help="a system message to begin with")
    chat.add_argument(
        "--text", action="store_true", help="continue what is typed as plain text (\\n: new line), without chat roles"
    )
    chat.add_argument("--chat_template", metavar="T", help="builtin template or file, for a model that has none")
    chat.add_argument("--load_in_4bit", action="store_true", help="hold its weights in 4 bits, for a small card")
    chat.add_argument("--temperature", type=float, default=0.0, help="0, the default, always takes the likeliest word")
    chat.add_argument(
        "--max_new_tokens", type=int, default=128, help="longest reply, in tokens (128, or half the context)"
    )
    chat.add_argument("--seed", type=int, default=0, help="of the sampling (0)")
    chat.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 and so on, or auto (auto)")
    chat.set_defaults(command=_chat)

    server = commands.add_parser(
        "serve", parents=[debug], help="answer for models at an address of this machine, as OpenAI's API has it"
    )
    server.add_argument("names", nargs="+", metavar="NAME", help="runs, paths or hub names; a request says which")
    server.add_argument("--port", type=int, default=8000, help="where to listen on 127.0.0.1 (8000); 0 for any")
    server.add_argument("--chat_template", metavar="T", help="builtin template or file, for models that have none")
    server.add_argument("--load_in_4bit", action="store_true", help="hold weights in 4 bits, for a small card")
    server.add_argument("--batch_size", type=int, default=8, help="replies written at once (8)")
    server.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 and so on, or auto (auto)")
    server.set_defaults(command=_serve)

    commands.add_parser("explore", help="a page on which to watch a run and talk to it: espalier explore --help")
    commands.add_parser("inside", help="probes, logit lens, attention, over a run's steps: espalier inside --help")
    commands.add_parser("rate", help="a page on which teachers rate replies, blind; its flags: espalier rate --help")

    signals = commands.add_parser(
        "signals", parents=[debug], help="what the monitors of a run found, and what was done"
    )
    signals.add_argument("name", help="a run's name")
    signals.add_argument("--monitor", help="only what this one found")
    signals.add_argument("--name", dest="figure", help="only this figure")
    signals.add_argument("--severity", help="only findings of at least this one: note, warn, high")
    signals.add_argument("--since", type=int, metavar="STEP", help="from this step on")
    signals.add_argument("--until", type=int, metavar="STEP", help="up to this step")
    signals.add_argument("--follow", action="store_true", help="go on with what is found, while it trains")
    signals.add_argument("--json", action="store_true", help="print rows, a JSON object a line")
    signals.add_argument("--export", metavar="FILE", help="write rows to FILE.csv or FILE.parquet")
    signals.add_argument(
        "--of",
        default="signals",
        metavar="TABLE",
        help="rows of signals (the default), answers, turns, events, pictures",
    )
    signals.set_defaults(command=_signals)

    for word, does in _WORDS.items():
        control = commands.add_parser(word, parents=[debug], help=does)
        control.add_argument("name", help="a run that trains now")
        if word == "every":
            control.add_argument("number", help="steps")
        control.set_defaults(command=_tell, word=word)

    status = commands.add_parser("status", parents=[debug], help="what there is and what it reached: agents/STATUS.md")
    status.add_argument(
        "--check", action="store_true", help="only say whether the page is as it was written, and of now"
    )
    status.set_defaults(command=_status)

    board = commands.add_parser("board", parents=[debug], help="who does what: agents/KANBAN.md, which it checks")
    board.set_defaults(command=_board)

    standup = commands.add_parser("standup", parents=[debug], help="what changed since a day: made, written, moved")
    standup.add_argument("--since", metavar="DATE", help="such as 2026-11-26; yesterday by default")
    standup.set_defaults(command=_standup)

    again = commands.add_parser("reproduce", parents=[debug], help="make one again from its manifest, and compare")
    again.add_argument("name", help=named)
    again.add_argument("--home", metavar="DIR", help="make it there and leave it; a temporary folder by default")
    again.add_argument(
        "--allow_changed_environment",
        action="store_true",
        help="although code, packages or machine changed, so that it need not come out the same",
    )
    again.set_defaults(command=_reproduce)

    remove = commands.add_parser("rm", parents=[debug], help="remove one that nothing descends from")
    remove.add_argument("name", help=f"{named}; mix:NAME/packs; or a leftover's, as ls names it")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(command=_rm)
    return parser


def _list(arguments: argparse.Namespace) -> None:
    from espalier.command_line.listing import list_artifacts

    list_artifacts(arguments.kinds)


def _show(arguments: argparse.Namespace) -> None:
    from espalier.command_line.listing import show

    show(arguments.name, config=arguments.config)


def _tree(arguments: argparse.Namespace) -> None:
    from espalier.command_line.listing import draw

    draw(arguments.name)


def _status(arguments: argparse.Namespace) -> None:
    from espalier.memory import status

    status.say_whether_it_holds() if arguments.check else status.show()


def _board(arguments: argparse.Namespace) -> None:
    from espalier.memory import board

    board.show()


def _standup(arguments: argparse.Namespace) -> None:
    from espalier.memory import standup

    standup.show(arguments.since)


def _reproduce(arguments: argparse.Namespace) -> int:
    from espalier.command_line.reproduction import reproduce

    home = Path(arguments.home).expanduser() if arguments.home else None
    return reproduce(arguments.name, home=home, anyway=arguments.allow_changed_environment)


def _signals(arguments: argparse.Namespace) -> None:
    from espalier.command_line import signals

    wanted = signals.Wanted(
        monitor=arguments.monitor,
        name=arguments.figure,
        severity=signals.severity(arguments.severity) if arguments.severity else None,
        since=arguments.since,
        until=arguments.until,
    )
    table = signals.check_table(arguments.of)
    if arguments.export:
        signals.export(arguments.name, wanted, table, Path(arguments.export))
    elif arguments.json:
        signals.dump(arguments.name, wanted, table)
    else:
        signals.show(arguments.name, wanted, follow=arguments.follow)


def _tell(arguments: argparse.Namespace) -> None:
    from espalier.command_line.console import say
    from espalier.signals.control import tell

    say(tell(arguments.name, f"every {arguments.number}" if arguments.word == "every" else arguments.word))


def _serve(arguments: argparse.Namespace) -> None:
    from espalier.errors import UserError
    from espalier.models.devices import check_here

    if not 0 <= arguments.port < 65536 or arguments.batch_size < 1:
        raise UserError("--port wants a number from 0 to 65535, and --batch_size one of at least 1")
    check_here(arguments.device)

    from espalier.models.pool import Placement
    from espalier.serving.server import serve

    settings = {key: getattr(arguments, key) for key in ("chat_template", "load_in_4bit", "batch_size", "device")}
    serve(arguments.names, port=arguments.port, placement=Placement(**settings))


def _rm(arguments: argparse.Namespace) -> None:
    from espalier.command_line.removal import remove

    remove(arguments.name, yes=arguments.yes)


def _chat(arguments: argparse.Namespace) -> None:
    from espalier.command_line.conversation import talk

    talk(
        arguments.name,
        once=arguments.once,
        system=arguments.system,
        as_text=arguments.text,
        temperature=arguments.temperature,
        max_new_tokens=arguments.max_new_tokens,
        seed=arguments.seed,
        chat_template=arguments.chat_template,
        device=arguments.device,
        load_in_4bit=arguments.load_in_4bit,
    )
