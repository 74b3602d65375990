import pytest

from espalier.artifacts import records
from espalier.models.loading import ModelRef, resolve
from evaluation.cases.trained_on import count_verdicts, judge, trace

HELD = ("hide", "key", "tense")
HELD_TRIPLE = ("buy", "key", "tense")
TRAINED = ("sell", "key", "tense")


@pytest.fixture
def hashes(toy_mix, workspace):
    """Content hashes of the toy mix, of one that holds out nothing, and of one without rows of the grammar."""
    found = {"toy": records.read_manifest(toy_mix)["content_hash"]}
    for name, facts in {"leaky": {"heldout": {"pairs": [], "triples": []}}, "prose": {}}.items():
        folder = workspace / "mixes" / name
        folder.mkdir()
        (folder / "train.parquet").write_text(name)
        found[name] = records.write_manifest(folder, {"name": name, **facts})["content_hash"]
    return found


def lineage_of(make_run, parents):
    make_run("model", parents=parents)
    return trace(resolve("model"))


def test_what_a_mix_held_out_is_unseen(make_run, hashes):
    found = lineage_of(make_run, {"mix:toy": hashes["toy"]})
    assert found.known and found.mixes == {"toy": hashes["toy"]}
    assert judge(found, HELD) == "held out" and judge(found, HELD_TRIPLE) == "held out"
    assert judge(found, TRAINED) == "seen" and judge(found, ("buy", "key", "article")) == "seen"


def test_a_grandparents_mix_counts(make_run, hashes):
    make_run("trunk", parents={"mix:leaky": hashes["leaky"]}, seed=1)
    make_run("core", parents={"mix:toy": hashes["toy"], "run:trunk": resolve("trunk").content_hash}, seed=2)
    found = trace(resolve("core"))
    assert found.ancestors == ("run:trunk",) and set(found.mixes) == {"toy", "leaky"}
    assert judge(found, HELD) == "seen"


def test_prose_cannot_give_a_combination_away(make_run, hashes):
    found = lineage_of(make_run, {"mix:toy": hashes["toy"], "mix:prose": hashes["prose"]})
    assert judge(found, HELD) == "held out"


def test_prompts_that_were_answered_give_their_mix_away(make_run, hashes, workspace):
    made_of = {"mix:liked": "corpus:pairs", "corpus:pairs": "corpus:drawn", "corpus:drawn": "mix:leaky"}
    for spec, parent in reversed(made_of.items()):
        word, _, name = spec.partition(":")
        folder = workspace / {"mix": "mixes", "corpus": "corpora"}[word] / name
        folder.mkdir(parents=True)
        parents = {parent: hashes.get(parent.partition(":")[2], "")}
        hashes[name] = records.write_manifest(folder, {"kind": word, "name": name, "parents": parents})["content_hash"]
    found = lineage_of(make_run, {"mix:liked": hashes["liked"]})
    assert found.mixes == {"liked": hashes["liked"], "leaky": hashes["leaky"]}
    assert judge(found, HELD) == "seen"


def test_a_mix_that_changed_or_went_is_not_known(make_run, hashes):
    found = lineage_of(make_run, {"mix:toy": "f" * 64, "mix:gone": "0" * 64})
    assert judge(found, HELD) == "unknown"


def test_one_mix_that_shows_a_combination_is_enough(make_run, hashes):
    found = lineage_of(make_run, {"mix:gone": "0" * 64, "mix:leaky": hashes["leaky"]})
    assert judge(found, HELD) == "seen"


def test_a_model_from_elsewhere_may_have_seen_anything(make_run, hashes, tmp_path):
    folder = make_run("model", parents={"mix:toy": hashes["toy"]})
    found = trace(resolve(f"path:{folder / 'final'}"))
    assert not found.known and judge(found, HELD) == "unknown"
    hub = trace(ModelRef(kind="hub", name="someone/model", path=folder / "final", content_hash="c"))
    assert judge(hub, HELD) == "unknown"


def test_a_base_from_the_hub_taints(make_run, hashes):
    found = lineage_of(make_run, {"mix:toy": hashes["toy"], "hub:someone/model": "abc"})
    assert not found.known and judge(found, HELD) == "unknown" and judge(found, TRAINED) == "seen"


def test_counts(make_run, hashes):
    found = lineage_of(make_run, {"mix:toy": hashes["toy"]})
    assert count_verdicts(found, [HELD, HELD, TRAINED]) == {"held out": 2, "seen": 1, "unknown": 0}


def test_the_summary_comes_along(make_run, hashes):
    make_run("model", summary={"heldout": {"valid": {"fit": {"bits_per_byte": 1.5}}}})
    assert trace(resolve("model")).summary["heldout"]["valid"]["fit"]["bits_per_byte"] == 1.5
