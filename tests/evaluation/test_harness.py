"""lm-evaluation-harness with models of ours, on a task of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts.paths import repo_root
from espalier.generation.likelihood import log_likelihoods
from espalier.models.loading import load_for_inference
from tests.evaluation.backends.models import adapter, base

PAIRS = [("I went to the market.", "I market the went."), ("Anna ate the cake.", "You cake Anna."), ("I saw", "Sophie")]
TASK = """
task: toy_pairs
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: multiple_choice
doc_to_text: ""
target_delimiter: ""
doc_to_target: 0
doc_to_choice: "{{[good, bad]}}"
metric_list: [{metric: acc}]
"""


@pytest.mark.slow
def test_an_adapter_with_tied_embeddings_finds_its_base_and_scores_as_here(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is an extra: pip install -e .[harness]")
    ref = adapter(tmp_path / "adapter", base(tmp_path / "base"), 1, train_embeddings="all")
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps({"good": good, "bad": bad}) + "\n" for good, bad in PAIRS))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "toy.yaml").write_text(TASK.replace("FILE", str(file)))
    flags = f"--model_args name={ref.spec},dtype=float32 --device cpu --tasks toy_pairs --batch_size 2 --log_samples"
    where = ["--include_path", str(tmp_path / "tasks"), "--output_path", str(tmp_path / "out")]
    command = [sys.executable, str(repo_root() / "evaluation" / "harness.py"), *flags.split(), *where]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    (samples,) = (tmp_path / "out").rglob("samples_toy_pairs_*.jsonl")
    told = sorted((json.loads(line) for line in samples.read_text().splitlines()), key=lambda sample: sample["doc_id"])
    found = [[float(answer[0]) for answer in sample["filtered_resps"]] for sample in told]
    model, renderer = load_for_inference(ref.spec, device="cpu")
    for pair, scores in zip(PAIRS, found, strict=True):
        assert log_likelihoods(model, renderer, pair) == pytest.approx(scores, abs=1e-3)


def test_without_the_harness(tmp_path: Path) -> None:
    code = "import sys; sys.modules['lm_eval'] = None; import evaluation.harness as h; h.main(['--tasks', 'x'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root())
    assert "lm-evaluation-harness is not installed" in done.stderr
