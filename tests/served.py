"""A page's server in a process of its own, and requests to it by hand."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any, Self
from urllib.parse import urlsplit

from espalier.artifacts.paths import repo_root

_LINK = re.compile(r"(.+): (http://\S+#enter=(\w+))")


Answer = tuple[int, dict[str, str], str]
"""Status, headers and content."""


def ask(
    port: int,
    path: str,
    told: Any = None,
    *,
    method: str = "POST",
    body: bytes | None = None,
    **headers: str | None,
) -> Answer:
    """What a page's server on this machine says. `headers` (with _ for -) replace what a browser sends; None leaves
    one out."""
    host = f"127.0.0.1:{port}"
    given: dict[str, str | None] = {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        content = json.dumps(told or {}).encode() if body is None else body
        connection.putrequest(method, path, skip_host=True)
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()


class Served:
    """A server that has said its links."""

    def __init__(self, script: str, *words: object) -> None:
        command = [sys.executable, str(repo_root() / script), *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said: list[str] = []
        self.links: dict[str, str] = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := _LINK.match(line):
                self.links[found[1]] = found[2]
            if "Ctrl+C" in line:
                break
        assert self.links, "".join(self.said)
        self.host = urlsplit(next(iter(self.links.values()))).netloc
        self.port = int(self.host.rpartition(":")[2])

    def end(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Stop it; its exit code, and what else it said."""
        self.process.send_signal(by)
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        return self.process.wait(), rest

    def ask(
        self, path: str, told: Any = None, *, method: str = "POST", body: bytes | None = None, **headers: str | None
    ) -> Answer:
        """As `ask` does."""
        return ask(self.port, path, told, method=method, body=body, **headers)

    def cookie(self, rater: str) -> str:
        """Come in by a rater's link; what a browser then sends."""
        token = self.links[rater].rpartition("=")[2]
        status, headers, _ = self.ask("/enter", {"token": token})
        assert status == 200
        return str(headers["set-cookie"].partition(";")[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        self.process.stdout.close()  # type: ignore[union-attr]


def port() -> int:
    """A free port that no system hands out by itself, so that it stays free while a server is gone."""
    for number in range(20000 + os.getpid() % 10000, 32000):
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", number))
                return number
            except OSError:
                continue
    raise AssertionError("no free port")
