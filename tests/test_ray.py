"""What runs on a Ray cluster is what runs on one machine: a cluster of two small nodes, started once."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_mix import build
from espalier.artifacts import records
from espalier.command_line import yaml_text
from espalier.errors import UserError
from espalier.models.pool import Placement
from espalier.models.references import ModelRef
from evaluation.backends.fleet import Fleet
from evaluation.cases.suite import Generation
from stage1.train import main as train_stage1
from stage2 import train as stage2_train
from tests import processes
from tests.data_mix.test_pipeline import ALL, contents, large
from tests.espalier.endpoints.chat_server import HANGS_S
from tests.evaluation.backends.models import ASKS, base, local
from tests.stage1.commands import make_mix, write_config
from tests.stage2.test_gates import SUITE
from tests.stage2.test_train import QUICK, VARIANT

ray = pytest.importorskip("ray", reason="Ray is an extra: pip install -e .[ray]")
pytestmark = pytest.mark.slow

PATIENT = dict.fromkeys(
    (
        "RAY_raylet_start_wait_time_s", "RAY_gcs_server_port_wait_time_s", "RAY_gcs_server_request_timeout_seconds",
        "RAY_gcs_rpc_server_connect_timeout_s", "RAY_worker_register_timeout_seconds",
    ),
    f"{HANGS_S:.0f}",
)  # fmt: skip
PATIENT |= dict.fromkeys(
    ("RAY_health_check_initial_delay_ms", "RAY_health_check_timeout_ms", "RAY_agent_register_timeout_ms"),
    f"{1000 * HANGS_S:.0f}",
)
PATIENT |= {
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_local_fs_capacity_threshold": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""What keeps Ray from giving up, or from killing a worker, because other programs take time, memory or disk."""
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Its address."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in PATIENT.items():
            patch.setenv(name, value)
        running = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **NODE})
        try:
            running.add_node(**NODE)
            running.wait_for_nodes(HANGS_S)
            yield running.address
        finally:
            ray.shutdown()
            running.shutdown()


def test_a_mix_is_the_same_bytes(cluster: str, workspace: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml_text.dump({"name": "mixed", "valid_fraction": 0.1, "sources": [large(tmp_path)]} | ALL))
    assert build.main([str(recipe), "--workers", "1"]) == 0
    alone = contents(workspace / "mixes" / "mixed")
    words = ["--overwrite", "--engine", "ray", "--ray_address", cluster]
    done = processes.run("data_mix/build.py", recipe, *words)
    assert done.code == 0, done.output
    assert contents(workspace / "mixes" / "mixed") == alone


def fleet(cluster: str, ref: ModelRef, workers: int, **generation: Any) -> Fleet:
    return Fleet(
        ref=ref,
        generation=Generation(**{"max_new_tokens": 8} | generation),
        placement=Placement(device="cpu", batch_size=2),
        workers=workers,
        address=cluster,
    )


def lose(worker: Any) -> None:
    """Kill a worker and wait until it is dead: until then it goes on answering, and is quick at it."""
    ray.kill(worker)
    with pytest.raises(ray.exceptions.RayActorError):
        while True:
            ray.get(worker.__ray_ready__.remote())


def test_two_workers_answer_as_one_process_and_a_lost_ones_share_goes_to_the_other(
    cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sampled = {"temperature": 0.8, "top_p": 0.9}
    ref = base(tmp_path / "m")
    here, crew = local(ref, **sampled), fleet(cluster, ref, workers=2, **sampled)
    found, expected = dict(crew.answer(ASKS * 3)), dict(here.answer(ASKS * 3))
    assert found.keys() == expected.keys()
    for place, reply in expected.items():
        assert (found[place].text, found[place].finish) == (reply.text, reply.finish)
        assert found[place].log_likelihoods == pytest.approx(reply.log_likelihoods, rel=1e-5)
    assert [crew.key(ask) for ask in ASKS] == [here.key(ask) for ask in ASKS]
    assert len(crew._crew) == 2 and dict(crew.answer(ASKS[:1])).keys() == {0}

    lose(crew._crew[0])
    assert dict(crew.answer(ASKS * 3)) == found
    assert "a worker of Ray was lost; 1 go on" in capsys.readouterr().out
    lose(crew._crew[0])
    with pytest.raises(UserError, match="all workers were lost"):
        dict(crew.answer(ASKS))


def test_what_a_worker_complains_of_is_said_here(cluster: str, tmp_path: Path) -> None:
    crew = fleet(cluster, base(tmp_path / "m"), workers=1)
    shutil.rmtree(tmp_path / "m")
    base(tmp_path / "m", seed=1)
    with pytest.raises(UserError, match=r"a worker finds another path:.*share one workspace"):
        dict(crew.answer(ASKS))
    crew.close()
    assert not crew._crew


def test_variants_are_the_same_bytes_as_alone(cluster: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mix(workspace)
    assert train_stage1([str(write_config(workspace, QUICK, threads=1))]) == 0
    suite = workspace / "own.yaml"
    suite.write_text(yaml_text.dump(SUITE | {"name": "own", "cases": SUITE["cases"][:4]}))
    variant = VARIANT | {"suites": [str(suite)], "core_suites": [], "threads": 1}
    files = [write_config(workspace, variant, name=name, seed=seed) for name, seed in (("a", 0), ("b", 1))]
    lost = write_config(workspace, variant, name="c", parent="nobody")
    monkeypatch.setattr(stage2_train, "hold", lambda config, publish: 0)
    alone = []
    for file in files:
        assert stage2_train.main([str(file)]) == 0
        manifest = workspace / "runs" / file.stem / "manifest.json"
        alone.append((manifest, records.read_json(manifest)["content_hash"]))
        records.remove_folder(manifest.parent)
    done = processes.run("stage2/train.py", "--variant", lost, *files, "--engine", "ray", "--ray_address", cluster)
    assert done.code == 2, done.output
    table = [line.split(maxsplit=1) for line in done.output.splitlines()[-3:]]
    assert table == [["c", "FAILED, for the reason given above"], ["a", "passed"], ["b", "passed"]], done.output
    assert "there is no complete run 'nobody'" in done.output
    assert [records.read_json(manifest)["content_hash"] for manifest, _ in alone] == [digest for _, digest in alone]
