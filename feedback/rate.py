"""Teachers rate what models say: a page of this machine, on which two replies, or one, are looked at blind.

    python feedback/rate.py --models basil-trunk basil-core --suite pedagogical [--raters Anna Ben] [--ask single]
    python feedback/rate.py --replies FILE --name mine                   # replies from a file
    python feedback/rate.py --name mine --export rows.jsonl              # what data_mix/build.py reads
    python feedback/rate.py --name mine --ask single --import votes.csv  # votes that exist already

`espalier rate …` is the same. Votes lie in ratings/NAME.db once they are acknowledged, and the same command goes on
where the raters stopped. The page answers this machine alone unless --host says otherwise; Ctrl+C ends it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import run_main
from feedback.rating.config import RateConfig, RateOptions, name_of

if TYPE_CHECKING:
    import socket

    from feedback.rating.store import Store


def main(argv: list[str]) -> int:
    config, options = load(RateConfig, argv, prog="python feedback/rate.py", doc=__doc__, options=RateOptions)
    name = name_of(config)
    if options.moves_out and not (config.brings or options.import_):
        from feedback.rating.store import Store

        with Store.read(name) as store:  # also beside a page that is being served
            return move_out(store, name, options)
    if options.moves_out or options.import_:
        with bring_in(name, config, options) as store:
            return move_out(store, name, options)

    from espalier.pages.listening import hold

    with hold(config.host, config.port) as held, bring_in(name, config, options) as store:
        return serve(store, held, config)


def bring_in(name: str, config: RateConfig, options: RateOptions) -> "Store":
    """The ratings of that name, with what is to be asked and the votes of files put in. The caller closes them."""
    from feedback.rating.importing import put_in, read_votes
    from feedback.rating.putting_together import ask_of, gather
    from feedback.rating.store import Store

    ask = ask_of(name, config)
    candidates = gather(config, ask) if config.brings else None
    given = {path: read_votes(path, ask) for path in options.import_}
    store = Store.open(name, make=config.brings or bool(given))
    try:
        store.begin(ask)
        if candidates is not None:
            synced = store.sync(candidates)
            changed = f", {synced.changed} of them other than before" if synced.changed else ""
            say(f"{len(candidates):,} {_called(ask)} to rate, {synced.added:,} of them new{changed}")
        for path, votes in given.items():
            counts = put_in(store, votes)
            say(f"{path}: " + ", ".join(f"{counts[what]:,} {what}" for what in counts))
    except BaseException:
        store.close()
        raise
    return store


def move_out(store: "Store", name: str, options: RateOptions) -> int:
    """Write and say what is asked for."""
    from espalier.artifacts.records import write_jsonl
    from feedback.rating.exporting import export, votes_of
    from feedback.rating.telling import tell_agreement

    if options.export:
        found = export(store, name, changed=options.changed)
        write_jsonl(options.export, found.rows)
        say(f"{options.export}: " + ", ".join(f"{number:,} {what}" for what, number in found.counts.items()))
    if options.votes:
        lines = list(votes_of(store))
        write_jsonl(options.votes, lines)
        say(f"{options.votes}: {len(lines):,} votes")
    if options.agreement:
        tell_agreement(store)
    return 0


def serve(store: "Store", held: "socket.socket", config: RateConfig) -> int:
    """Answer raters until Ctrl+C."""
    from espalier.pages.listening import PageServer, hosts_of, until_stopped, url_of
    from espalier.pages.tokens import Tokens
    from feedback.rating.page import make_app
    from feedback.rating.putting_together import make_desk, raters_of

    desk = make_desk(store, config)
    raters = raters_of(store, config)
    tokens = Tokens(store.secret, raters, held.getsockname()[1])
    server = PageServer(make_app(desk, tokens, hosts_of(held)), held)
    for rater in raters:
        say(f"{rater}: {tokens.link(rater, url_of(held))}")
    if any(host.startswith("localhost") for host in hosts_of(held)):
        say("answers this machine alone; Ctrl+C ends")
    else:
        say("answers anyone in this network who has a link, unencrypted; Ctrl+C ends")
    until_stopped(server)
    say(f"ended; {len(store.votes()):,} votes are in {store.path}")
    return 0


def _called(ask: str) -> str:
    return "pairs" if ask == "pairs" else "replies"


if __name__ == "__main__":
    run_main(main)
