"""espalier runs | show NAME | chat NAME | rm NAME: look at runs, talk to them, remove them."""

import argparse
import sys
from typing import Any, NoReturn

from espalier.errors import UserError, run_main

_FIGURES = 3


def main(argv: list[str]) -> None:
    """Run one of the commands."""
    arguments = _parser().parse_args(argv)
    arguments.command(arguments)


def entry() -> NoReturn:
    """The `espalier` command."""
    run_main(main)


def _parser() -> argparse.ArgumentParser:
    debug = argparse.ArgumentParser(add_help=False)
    debug.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser = argparse.ArgumentParser(prog="espalier", description=__doc__, parents=[debug])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    runs = commands.add_parser("runs", parents=[debug], help="list runs: state, parent, step, key figures")
    runs.set_defaults(command=_runs)

    show = commands.add_parser("show", parents=[debug], help="all about one run: what it is, descends from, reached")
    show.add_argument("name", help="a run's name")
    show.add_argument("--config", action="store_true", help="print its resolved configuration as YAML, nothing else")
    show.set_defaults(command=_show)

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

    remove = commands.add_parser("rm", parents=[debug], help="remove a run that nothing descends from")
    remove.add_argument("name", help="a run's name")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(command=_rm)
    return parser


def _runs(_: argparse.Namespace) -> None:
    from espalier.artifacts import registry
    from espalier.artifacts.paths import workspace
    from espalier.command_line import console

    rows = [
        [run.name, run.state, ", ".join(run.parents) or "-", _step(run), console.format_facts(_figures(run))]
        for run in registry.list_runs()
    ]
    if rows:
        console.table(["run", "state", "parents", "step", "figures"], rows)
    else:
        console.say(f"no runs yet in {workspace() / 'runs'}; python stage1/train.py makes the first")


def _show(arguments: argparse.Namespace) -> None:
    from espalier.artifacts import registry
    from espalier.command_line import console, yaml_text

    run = registry.info(arguments.name)
    identity = run.identity
    if arguments.config:
        console.say(yaml_text.dump(identity.get("config", {})).rstrip())
        return
    facts = {
        "state": run.state + (f": {run.reason}" if run.state == "failed" and run.reason else ""),
        "folder": run.folder,
        "created": identity.get("created"),
        "command": identity.get("command"),
        "step": _step(run),
        "last heard of": f"{run.silent_s:.0f} s ago" if run.silent_s is not None and run.manifest is None else None,
        "seeds": console.format_facts(identity.get("seeds", {})),
        "content": run.manifest["content_hash"][:12] if run.manifest else None,
    }
    _section(f"Run {run.name}", facts)
    _section("Lineage", dict.fromkeys(registry.lineage(run.name), ""))
    _section("Descendants", dict.fromkeys(registry.children(run.name), ""))
    environment = dict(identity.get("environment", {}))
    packages = environment.pop("packages", {})
    _section("Environment", {**environment, "packages": " ".join(f"{k}={v}" for k, v in packages.items())})
    for change in identity.get("continued", []):
        _section(f"Continued {change['at']} under other conditions", dict.fromkeys(change["changed"], ""))
    _section("Summary" if run.manifest else "Last metrics", _scalars(_facts(run)))
    if run.manifest:
        _section("Files", {name: f"{entry['bytes']:,} bytes" for name, entry in run.manifest["files"].items()})


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


def _rm(arguments: argparse.Namespace) -> None:
    from espalier.artifacts import records, registry
    from espalier.artifacts.lock import Lock
    from espalier.command_line import console

    run = registry.info(arguments.name)
    descendants = registry.children(run.name)
    if descendants:
        raise UserError(f"{run.name} stays, because others descend from it; first remove: {', '.join(descendants)}")
    if run.state in ("running", "paused"):
        raise UserError(f"{run.name} stays: it is {run.state}; stop it first")
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UserError(f"removing {run.name} wants a yes: espalier rm {run.name} --yes")
        if input(f"Remove run {run.name} ({run.state}) with all its files? [y/N] ").strip().lower() not in ("y", "yes"):
            console.say("kept")
            return
    lock = Lock(run.folder / "lock")
    lock.acquire(f"run {run.name}")
    try:
        records.remove_folder(run.folder)
    finally:
        lock.release()
    console.say(f"removed {run.name}")


def _section(title: str, facts: dict[str, Any]) -> None:
    """A heading and aligned lines; nothing where there are no facts."""
    from espalier.command_line import console

    known = {name: value for name, value in facts.items() if value is not None}
    if known:
        console.say(f"{title}\n")
        width = max(map(len, known))
        for name, value in known.items():
            console.say(f"  {name.ljust(width)}  {console.format_value(value)}".rstrip())
        console.say()


def _facts(run: Any) -> dict[str, Any]:
    """What a run reached: its summary, or, before its end, the last line of its metrics."""
    from espalier.artifacts import records

    if run.manifest:
        return dict(run.manifest["summary"])
    return records.last_jsonl(run.folder / "metrics.jsonl") or {}


def _step(run: Any) -> int | None:
    from espalier.artifacts import records

    last = records.last_jsonl(run.folder / "metrics.jsonl")
    return int(last["step"]) if last else run.step


def _scalars(facts: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, dict):
            found |= _scalars(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float):
            found[prefix + name] = value
    return found


def _figures(run: Any) -> dict[str, Any]:
    """The few numbers that tell most about a run: bits per byte, their excess over the floor, losses."""
    numbers = {name: value for name, value in _facts(run).items() if isinstance(value, int | float)}
    ranked = [name for part in ("bits_per_byte", "excess", "loss") for name in numbers if part in name]
    return {name: numbers[name] for name in ranked[:_FIGURES]}
