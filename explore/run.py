"""Watch a run, talk to it, look inside: a page of this machine beside the training, or afterwards.

    python explore/run.py NAME [--beside OTHER ...] [--any_key VALUE ...]

`espalier explore NAME` is the same, and `--serve_while_training` of every training command starts it. NAME may be any
model, too. The page answers this machine alone unless --host says otherwise; Ctrl+C ends it, and it can be started
again at any time: all that it shows lies in runs/NAME. Programs talk to it as to OpenAI's API, at …/v1.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from explore.config import USUAL_PORT, ExploreConfig, ExploreOptions

if TYPE_CHECKING:
    import socket

COMMAND = "explore/run.py"


def main(argv: list[str]) -> int:
    config, options = load(
        ExploreConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=ExploreOptions, first="model"
    )

    from espalier.models.references import kind_of

    for reference in (config.model, *config.beside):
        kind_of(reference)  # what is nothing at all is told before a port is taken
    with hold_port(config) as held:
        return serve(held, config, options)


def hold_port(config: ExploreConfig) -> "socket.socket":
    """A socket at the port that is asked for, or at any free one where the usual one is taken."""
    from espalier.pages.listening import hold

    if config.port is not None:
        return hold(config.host, config.port)
    try:
        return hold(config.host, USUAL_PORT)
    except UserError:
        return hold(config.host, 0)


def serve(held: "socket.socket", config: ExploreConfig, options: ExploreOptions) -> int:
    """Answer until Ctrl+C, or until the training ends that started this."""
    from espalier.pages.listening import PageServer, hosts_of, until_stopped, url_of
    from espalier.pages.tokens import Tokens
    from explore.page import make_app
    from explore.place import Beside, make_place, secret

    place = make_place(config)
    tokens = Tokens(secret(), [place.name], held.getsockname()[1])
    server = Beside(PageServer(make_app(place, tokens, hosts_of(held)), held), place, options.beside_training)
    hosts = hosts_of(held)
    say(f"explore {place.name}: {tokens.link(place.name, url_of(held))}")
    if options.beside_training is None:
        alone = any(host.startswith("localhost") for host in hosts)
        whom = "this machine alone" if alone else "anyone in this network who has the link, unencrypted"
        say(f"answers {whom}; programs: {url_of(held)}v1 with the link's token as the key; Ctrl+C ends")
    until_stopped(server)
    if options.beside_training is None:
        say("ended")
    return 0


if __name__ == "__main__":
    run_main(main)
