"""A vote that could not be written is not acknowledged, and can be sent again."""

import sqlite3

from starlette.testclient import TestClient

from espalier.pages.tokens import Tokens
from feedback.rating.page import make_app
from tests.feedback.rating.made_up import desk, fill, lines, vote_on, write


def test_a_full_disk(tmp_path, monkeypatch, capsys):
    with fill(write(tmp_path / "replies.jsonl", lines(3))) as store:
        tokens = Tokens(store.secret, ["Anna"], 80)
        app = make_app(desk(store), tokens, frozenset(["here:80"]))
        client = TestClient(app, "http://here:80", headers={"Origin": "http://here:80", "Host": "here:80"})
        token = tokens.link("Anna", "/").partition("=")[2]
        client.headers["Cookie"] = f"espalier_80={token}"
        item = client.post("/state", json={}).json()["item"]
        with monkeypatch.context() as full:
            full.setattr(store, "_insert", lambda row: (_ for _ in ()).throw(sqlite3.OperationalError("disk is full")))
            answer = client.post("/vote", json=vote_on(item, {"better": "left"}))
        assert answer.status_code == 503 and answer.json() == {"error": "It could not be written (disk is full)."}
        assert store.votes() == [] and "disk is full" in capsys.readouterr().err
        assert client.post("/vote", json=vote_on(item, {"better": "left"})).status_code == 200
        assert len(store.votes()) == 1
