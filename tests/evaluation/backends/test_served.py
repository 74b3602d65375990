"""Asked through `espalier serve`, a model answers the evaluator as it does when the evaluator runs it itself."""

from pathlib import Path

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.endpoints.client import EndpointSettings
from espalier.models.pool import Placement
from espalier.serving.family import open_family
from espalier.serving.server import Server
from evaluation.backends.endpoint import EndpointModel
from evaluation.cases.suite import Generation
from tests.evaluation.backends.models import ASKS, adapter, base, local


@pytest.mark.parametrize("how", [{}, {"temperature": 0.8, "top_p": 0.9}], ids=["greedy", "drawn"])
def test_the_same_replies_as_without_a_server(tmp_path: Path, workspace: Path, how: dict[str, float]) -> None:
    on = base(tmp_path / "base")
    one = adapter(tmp_path / "one", on, 1, train_embeddings="tokens")
    refs = [on, one, adapter(tmp_path / "beside", one, 2, growth="stack")]
    asks = [ask for ask in ASKS if not ask.case.texts]
    server = Server(0)
    server.open(open_family([ref.spec for ref in refs], Placement(device="cpu")), 8)
    server.start()
    try:
        for ref in refs:
            settings = EndpointSettings(endpoint=server.url, model=ref.path.name, concurrency=len(asks))
            asked = EndpointModel(settings=settings, generation=Generation(max_new_tokens=8, **how))
            expected = dict(local(ref, **how).answer(asks))
            assert dict(asked.answer(asks)) == expected
            assert asked.identity["reported"]["listed"]["meta"]["content_hash"] == ref.content_hash
    finally:
        server.stop()
        server.server_close()
