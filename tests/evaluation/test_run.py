"""The command, from the command line to the written memory."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import repo_root
from espalier.artifacts.rounds import Round
from espalier.artifacts.scored import scores_of_runs
from espalier.errors import UserError
from espalier.memory.status import is_sealed
from espalier.models import devices
from evaluation.backends.local import LocalModel
from evaluation.cases.trained_on import made_from
from evaluation.config import EvaluateConfig
from evaluation.judges.classifier import code_hash
from evaluation.plan import make_plan, read_questions
from evaluation.run import main
from tests.espalier.endpoints.chat_server import fails, says, serving

COMMAND = [sys.executable, str(repo_root() / "evaluation" / "run.py")]
FILES = ("records.jsonl", "summary.json", "report.md", "report.json", "page.html", "side-by-side.txt")


def command(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, cwd="/")


def scores(workspace: Path, name: str) -> dict[str, bytes]:
    return {file: (workspace / "scores" / name / file).read_bytes() for file in FILES}


def test_two_rules_compared_from_another_directory(workspace, suite_file):
    words = [
        "--models",
        "rule:copy",
        "rule:reference",
        "--suite",
        suite_file,
        "--name",
        "rules",
    ]
    done = command(*words)
    assert done.returncode == 0, done.stderr
    assert "What decides is corrected form given" in done.stdout
    folder = workspace / "scores" / "rules"
    manifest = records.verify_manifest(folder)
    assert set(manifest["files"]) == {*FILES, "scores.json", "rules.png", "rules-mistakes.png"}
    lines = list(records.read_jsonl(folder / "records.jsonl"))
    assert len(lines) == 2 * (24 + 4) and {line["model"] for line in lines} == {"rule:copy", "rule:reference"}
    summary = json.loads((folder / "summary.json").read_text())
    figures = summary["contestants"]["rule:reference"]["metrics"]["corrected_present"]
    assert figures["overall"]["value"] == 1 and figures["against_baseline"]["difference"]["value"] == 1
    reports = workspace / "agents" / "reports"
    assert (reports / "rules.md").read_bytes() == (folder / "report.md").read_bytes() and (
        reports / "rules.png"
    ).is_file()
    log = (workspace / "agents" / "RUNLOG.md").read_text()
    digest = manifest["content_hash"][:12]
    assert f"- {manifest['finished'][:10]} [scores:rules](reports/rules.md) `{digest}`: toy v" in log
    assert is_sealed((workspace / "agents" / "STATUS.md").read_text())

    again = command(*words)
    assert (workspace / "agents" / "RUNLOG.md").read_text() == log
    assert again.returncode == 0 and "already complete" in again.stdout
    assert "What decides is corrected form given" in again.stdout


def test_scores_say_what_they_were_made_from(workspace, suite_file, toy_mix, make_run):
    mix = records.read_manifest(toy_mix)["content_hash"]
    make_run("trunk")
    words = ["--suite", suite_file, "--limit", "4"]
    assert main(["--models", "trunk", "rule:reference", *words, "--name", "first"]) == 0
    weights = records.read_manifest(workspace / "runs" / "trunk")["content_hash"]
    (first,) = registry.survey([of_word("scores")])
    assert first.manifest["parents"] == {"run:trunk": weights, "mix:toy": mix} == first.identity["parents"]
    assert first.about == "toy, 4 cases, corrected_present: trunk 0"
    (reached,) = scores_of_runs(registry.survey())["run:trunk"]
    assert reached.value == 0 and reached.interval is not None and reached.interval[0] == 0 < reached.interval[1] < 1

    replies = f"replies:{workspace / 'scores' / 'first'}#trunk"
    with pytest.raises(UserError, match="--round: 'second' is no name of a round"):
        main(["--models", replies, *words, "--name", "second", "--round"])
    assert main(["--models", replies, *words, "--name", "grow-r02-scores", "--round"]) == 0
    _, second = registry.survey([of_word("scores")])
    assert second.parents == {"scores:first": first.manifest["content_hash"], "mix:toy": mix}
    assert second.round == Round(loop="grow", number=2, part="scores")


def test_judges_and_learners_are_among_what_scores_are_made_from(workspace):
    folder = workspace / "judges" / "classifier"
    folder.mkdir(parents=True)
    (folder / "judge.json").touch()
    content = records.write_manifest(folder, {"kind": "judge", "code": code_hash()})["content_hash"]
    suite = workspace / "judged.yaml"
    suite.write_text("name: judged\ncases: [{name: a, prompt: She go.}]\nmetrics: [mistake_location]\n")
    config = EvaluateConfig(models=["rule:reference"], suite=str(suite))
    plan = make_plan(config, read_questions(config))
    assert plan.parents == {"judge:classifier": content}
    models = [{"kind": "hub", "spec": "hub:a/b", "content_hash": "c1"}, {"kind": "rule", "spec": "rule:copy"}]
    learner = "openai:m@http://127.0.0.1/v1"
    parents = made_from(models, None, ["classifier", learner])
    assert parents == {"hub:a/b": "c1", "judge:classifier": content, learner: ""}


def test_redo_gives_the_same_bytes(workspace, suite_file):
    words = ["--models", "rule:copy", "--suite", suite_file, "--name", "rules"]
    assert main(words) == 0
    before = scores(workspace, "rules")
    log = (workspace / "agents" / "RUNLOG.md").read_text()
    assert main([*words, "--redo"]) == 0
    assert scores(workspace, "rules") == before and (workspace / "agents" / "RUNLOG.md").read_text() == log


LISTED = "- {name: %s, prompt: 'Say %s.', tags: [%s], checks: {contains: [%s]}}\n"


@pytest.fixture
def listed(workspace):
    """A suite of twelve cases."""
    path = workspace / "listed.yaml"
    path.write_text(
        "".join(LISTED % (name, name, "even" if i % 2 else "odd", name) for i, name in enumerate("abcdefghijkl"))
    )
    return str(path)


def echo(body, number):
    return says(body["messages"][-1]["content"].replace("Say", "You said"))


def test_a_killed_evaluation_goes_on_and_ends_the_same(workspace, listed):
    with serving(echo) as server:
        words = ["--models", f"openai:m@{server.url}", "--suite", listed, "--workers", "2", "--name", "scores"]
        server.answer_only(6)
        process = subprocess.Popen([*COMMAND, *words], cwd="/", stdout=subprocess.DEVNULL)
        server.wait_for(6 + 2)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        server.answer_only(1000)
        assert len(server.requests) == 8 and not (workspace / "scores" / "scores" / "manifest.json").exists()
        assert command(*words).returncode == 0
        asked = [request["messages"][-1]["content"] for request in server.requests]
        assert len(set(asked)) == 12 and len(asked) == 14, "what was answered is not asked again"
        first = scores(workspace, "scores")
        again = command(*words, "--redo")
        assert again.returncode == 0 and len(server.requests) == len(asked), "the second run comes from the cache"
        assert scores(workspace, "scores") == first


def test_an_endpoint_that_fails_at_some_cases_is_counted(workspace, listed):
    def moody(body, number):
        said = body["messages"][-1]["content"]
        return fails(500) if said in ("Say b.", "Say c.") else says("You said it.")

    with serving(moody) as server:
        words = ["--models", f"openai:m@{server.url}", "--suite", listed, "--endpoint.max_retries", "0"]
        done = command(*words, "--name", "moody")
    assert done.returncode == 0 and "gave no reply 2 times" in done.stdout, done.stdout + done.stderr
    lines = list(records.read_jsonl(workspace / "scores" / "moody" / "records.jsonl"))
    assert [line["case"] for line in lines if line["finish"] == "error"] == ["b", "c"] and len(lines) == 12


def test_replies_that_no_learner_sees_are_counted_and_said_everywhere(workspace, listed):
    def thinks(body, number):
        if "a" in body["messages"][-1]["content"].removeprefix("Say"):
            return says(None, finish="length", beside={"reasoning": "b, c, d"})
        return says(f"<think>{body['messages'][-1]['content']}</think>Hm.", model="x")

    with serving(thinks) as server:
        done = command("--models", f"openai:m@{server.url}", "--suite", listed, "--name", "odd")
    assert done.returncode == 0, done.stderr
    said = "1 of 12 replies of m are empty: limit spent on reasoning"
    assert said in done.stdout and "11 of 12 replies of m: answered by x" in done.stdout
    folder = workspace / "scores" / "odd"
    report, page = (folder / "report.md").read_text(), (folder / "page.html").read_text()
    assert f"**Caution: {said}" in report and f"Caution: {said}" in page and "Say c." in page
    lines = {line["case"]: line for line in records.read_jsonl(folder / "records.jsonl")}
    assert {line["metrics"]["checks"] for line in lines.values()} == {0.0}, "the word stands in the thoughts alone"
    assert (lines["c"]["reply"], lines["c"]["reasoning"]) == ("Hm.", "Say c.")
    seen = records.read_json(folder / "report.json")["visibility"]["m"]
    assert seen["silences"] == {"limit spent on reasoning": 1} and seen["thought"] == 12


def test_a_gate_on_leaks(workspace, capsys):
    suite, replies = workspace / "leaks.yaml", workspace / "replies.jsonl"
    case = "  - {name: %s, prompt: What is 36 + 6?, answer: '42'}\n"
    suite.write_text("name: leaks\nmetrics: [answer_revealed]\ncases:\n" + "".join(case % name for name in "abcd"))
    said = {"a": "Half of 84.", "b": "Draw 36 dots.", "c": "Add the 6.", "d": "What comes first?"}
    replies.write_text("".join(json.dumps({"case": name, "reply": reply}) + "\n" for name, reply in said.items()))
    words = ["--models", f"replies:{replies}", "--suite", str(suite), "--controls", "none"]
    assert main([*words, "--name", "one", "--gate", "leaks<=0.05"]) == 1
    assert "gate FAILED: leaks<=0.05 (replies has as much as 0.25)" in capsys.readouterr().out
    assert main([*words, "--name", "one", "--gate", "leaks<=0.3"]) == 0


def test_gates_decide_the_exit_code(workspace, listed):
    replies = workspace / "replies.jsonl"
    replies.write_text("".join(json.dumps({"case": name, "reply": name}) + "\n" for name in "abcdefghijkl"))
    words = [
        "--models",
        f"replies:{replies}",
        "--suite",
        listed,
        "--name",
        "gated",
        "--junit",
        str(workspace / "j.xml"),
    ]
    passed = command(*words, "--gate", "checks.rate>=0.6", "checks.low>0.5")
    assert passed.returncode == 0 and passed.stdout.count("gate passed") == 2, passed.stdout + passed.stderr
    failed = command(*words, "--gate", "checks.rate>=0.6", "asks.mean>0.5")
    assert failed.returncode == 1 and "gate FAILED: asks.mean>0.5" in failed.stdout
    suites = ElementTree.parse(workspace / "j.xml").getroot()
    assert {suite.get("name"): suite.get("failures") for suite in suites} == {"gates": "1", "replies": "0"}
    suite = workspace / "judged.yaml"
    suite.write_text(f"name: judged\nextends: {listed}\nmetrics: [pedagogy, coherence, checks]\n")
    judged = ["--models", f"replies:{replies}", "--suite", str(suite)]
    for column in ("coherence", "pedagogy"):
        with pytest.raises(UserError, match=f"{column} is not known to be reliable .*no judge at work gives it"):
            main([*judged, "--gate", f"{column}.rate>=0.6"])
    with pytest.raises(UserError, match='--gate "leaks<=0.05": answer_revealed is no column of this suite'):
        main([*words, "--gate", "leaks<=0.05"])
    unknown = command(*words, "--gate", "check.rate>=0.6")
    assert unknown.returncode == 2 and "did you mean checks" in unknown.stderr


def test_a_metric_of_ones_own(workspace, listed, capsys):
    path = workspace / "mine.py"
    path.write_text(
        "from evaluation.metrics.base import metric\n\n"
        "@metric('says please')\ndef polite(case, reply):\n"
        '    """The reply says please."""\n    return float(\'please\' in reply.text)\n'
    )
    suite = workspace / "polite.yaml"
    suite.write_text(f"name: polite\nextends: {listed}\nmetrics: [polite]\n")
    replies = workspace / "replies.jsonl"
    replies.write_text("".join(json.dumps({"case": name, "reply": "please"}) + "\n" for name in "abcdefghijkl"))
    words = ["--models", f"replies:{replies}", "--suite", str(suite), "--name", "own"]
    assert main([*words, "--metrics", str(path)]) == 0
    assert "says please" in (workspace / "scores" / "own" / "report.md").read_text()
    with pytest.raises(UserError, match="'polite' is no metric"):
        main(words)
    main(["--models", f"replies:{replies}", "--suite", listed, "--name", "unnamed", "--metrics", str(path)])
    assert "polite of --metrics: the suite does not name it, so it is not shown" in capsys.readouterr().out


def test_a_device_that_is_none_or_not_here_is_refused_before_anything_is_asked(
    workspace, suite_file, make_run, monkeypatch
):
    make_run("trunk")
    monkeypatch.setattr(devices, "_num_gpus", lambda: 0)
    for name, complaint in (("gpu", "a GPU is called cuda"), ("cuda:1", "torch sees no GPU here")):
        with pytest.raises(UserError, match=complaint):
            main(["--models", "trunk", "--suite", suite_file, "--device", name])
    assert not (workspace / "scores").exists()


@pytest.mark.slow
def test_models_of_ours_with_a_pool(workspace, suite_file, make_run, capsys):
    summary = {
        "heldout": {"valid": {"fit": {"bits_per_byte": 1.25, "floor": 1.0}}},
        "parameters": 9,
        "parameters_trained": 9,
    }
    for seed, name in enumerate(["trunk", "core", "core-s1"]):
        make_run(name, seed=seed, summary=summary)
    words = [
        "--models",
        "trunk",
        "core",
        "core-s1",
        "--pool",
        "cores=core,core-s1",
        "--suite",
        suite_file,
        "--device",
        "cpu",
    ]
    assert main([*words, "--batch_size", "7"]) == 0
    name = "toy-trunk-core-core-s1"
    report = (workspace / "scores" / name / "report.md").read_text()
    assert report.startswith("# cores against trunk: toy, version 3")
    assert "| measure | n | trunk | core | core-s1 | cores |" in report
    assert (
        "| 1.2500, 25.0 % over the floor of 1.0000 |" in report and "run:" not in report.split("## Where the models")[0]
    )
    lines = list(records.read_jsonl(workspace / "scores" / name / "records.jsonl"))
    assert len(lines) == 3 * 28 and all(line["num_tokens"] <= 6 for line in lines)
    later = [line for line in lines if line["turn"] == 1 and line["model"] == "core"]
    earlier = {line["case"]: line["reply"] for line in lines if line["turn"] == 0 and line["model"] == "core"}
    assert later and all(line["messages"][2]["content"] == earlier[line["case"]] for line in later)
    assert "records.jsonl" not in capsys.readouterr().err

    assert main([*words, "--batch_size", "64", "--name", "wide"]) == 0  # batch size is no part of what is compared
    wide = list(records.read_jsonl(workspace / "scores" / "wide" / "records.jsonl"))
    assert wide == lines


def test_a_retrained_model_is_not_taken_for_the_old_one(workspace, suite_file, make_run):
    make_run("trunk", seed=1)
    words = ["--models", "trunk", "--suite", suite_file, "--limit", "4"]
    assert main(words) == 0
    shutil.rmtree(workspace / "runs" / "trunk")
    make_run("trunk", seed=2)
    with pytest.raises(UserError, match=r"compare something else \(models.trunk.content_hash: .{12}… before"):
        main(words)
    assert main([*words, "--redo"]) == 0


def test_a_path_with_another_template_is_refused(workspace, suite_file, make_run):
    folder = make_run("trunk") / "final"
    copy = workspace / "copy"
    shutil.copytree(folder, copy)
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|assistant|>", "<|user|>"))
    with pytest.raises(UserError, match="another chat template"):
        main(["--models", str(copy), "--suite", suite_file])


def test_a_plain_list_of_prompts_is_enough(workspace, make_run):
    make_run("one")
    make_run("two", seed=1)
    path = workspace / "sums.yaml"
    path.write_text("- {name: a, prompt: 'What is 2 | 2?', checks: {lacks: [four]}}\n- {name: b, prompt: 'Why?'}\n")
    assert main(["--models", "one", "two", "--suite", str(path), "--name", "sums"]) == 0
    report = (workspace / "scores" / "sums" / "report.md").read_text()
    assert r"| the learner says | one | two |" in report and r"| What is 2 \| 2? |" in report
    assert "By move" not in report and "The cases are listed in the suite." in report and "0.0.0" not in report
    assert "passes the case's own checks" in report and "| put right |" not in report


def test_sampled_replies_are_the_same_in_whatever_order_they_are_asked(workspace, suite_file, make_run, monkeypatch):
    make_run("trunk")
    text = Path(suite_file).read_text()
    Path(suite_file).write_text(
        text.replace("{max_new_tokens: 6}", "{max_new_tokens: 6, temperature: 1.0, samples: 2}")
    )
    words = ["--models", "trunk", "--suite", suite_file, "--limit", "8"]
    assert main([*words, "--name", "one"]) == 0
    (workspace / "cache" / "evaluation.sqlite").unlink()
    answer = LocalModel.answer

    def backwards(self, asks):
        for place, reply in answer(self, asks[::-1]):
            yield len(asks) - 1 - place, reply

    monkeypatch.setattr(LocalModel, "answer", backwards)
    assert main([*words, "--name", "two", "--batch_size", "3"]) == 0
    assert main([*words, "--name", "three", "--seed", "1"]) == 0
    one, two, three = (scores(workspace, name)["records.jsonl"] for name in ("one", "two", "three"))
    assert one == two != three and len(one.splitlines()) == 2 * 12


def test_minimal_pairs_and_bits_per_byte(workspace, make_run):
    make_run("one")
    pairs = workspace / "pairs.jsonl"
    pairs.write_text('{"sentence_good": "Cats sleep.", "sentence_bad": "Cats sleeps.", "UID": "agreement"}\n' * 3)
    text = workspace / "story.txt"
    text.write_text("Once upon a time there was a cat.\n")
    assert main(["--models", "one", "--suite", str(pairs), "--name", "pairs"]) == 0
    assert main(["--models", "one", "--suite", str(text), "--name", "text"]) == 0
    (line,) = records.read_jsonl(workspace / "scores" / "text" / "records.jsonl")
    bits = -line["log_likelihoods"][0] / 0.6931471805599453
    assert line["metrics"]["bits_per_byte"] == pytest.approx(bits / len(text.read_bytes()))
    found = [line["metrics"]["prefers_good"] for line in records.read_jsonl(workspace / "scores/pairs/records.jsonl")]
    assert len(found) == 3 and set(found) <= {0.0, 0.5, 1.0}


def test_nothing_is_published_unless_wanted(workspace, suite_file):
    assert main(["--models", "rule:copy", "--suite", suite_file, "--publish", "false"]) == 0
    assert not (workspace / "agents").exists()


def test_list_suites():
    done = command("--list-suites")
    assert done.returncode == 0 and re.search(r"^recast +\d", done.stdout, re.MULTILINE)


def test_the_exported_template_is_valid(workspace):
    exported = command("--export-template")
    (workspace / "my.yaml").write_text(exported.stdout)
    done = command("--validate", str(workspace / "my.yaml"))
    assert exported.returncode == done.returncode == 0 and done.stdout.startswith("my-suite, version 1"), done.stderr
    (workspace / "my.yaml").write_text(exported.stdout.replace("uptake", "uptkae"))
    bad = command("--validate", str(workspace / "my.yaml"))
    assert bad.returncode == 2 and "did you mean uptake" in bad.stderr
    gated = command("--validate", "recast", "--gate", "rekast.rate>=0.6")
    assert gated.returncode == 2 and "did you mean recast" in gated.stderr


def test_the_real_suite_asks_the_real_curriculum(workspace, monkeypatch):
    """The recast suite end to end: the curriculum's own replies are all that its metrics can ask for."""
    from data_mix.curriculum import CurriculumConfig, generate
    from espalier.text.rows import write_rows

    folder = workspace / "mixes" / "basil"
    folder.mkdir(parents=True)
    for split in ("train", "unseen_triples", "unseen_pairs"):
        write_rows(folder / f"{split}.parquet", generate(CurriculumConfig(), "dialogue", split, 150, seed=3))
    records.write_manifest(folder, {"name": "basil"})
    assert main(["--models", "rule:copy", "rule:reference"]) == 0
    summary = json.loads((workspace / "scores" / "recast-rule-copy-rule-reference" / "summary.json").read_text())
    copy, reference = (
        {
            name: found["overall"]["value"]
            for name, found in summary["contestants"][rule]["metrics"].items()
            if found["overall"]
        }
        for rule in ("rule:copy", "rule:reference")
    )
    assert reference["corrected_present"] == 1 and reference["corrected_absent"] > 0.95 and reference["parses"] == 1
    assert reference["good_reply"] > 0.98 and reference["explicit_correction"] == 0 and reference["in_role"] == 1
    assert copy["corrected_present"] < 0.05 and copy["echo"] == 1 and copy["good_reply"] == 0 and copy["parses"] < 0.05


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "name at least one model"),
        (["--models", "rule:copy", "--suite", "recats"], "did you mean recast"),
        (
            ["--models", "rule:copy", "--mix", "nope"],
            "mix nope does not exist; build it with: python data_mix/build.py",
        ),
        (["--models", "rule:copi", "--mix", "toy"], "no rule 'rule:copi'"),
        (["--models", "basil", "--mix", "toy"], "no model 'basil'"),
        (["--models", "rule:copy", "rule:copy", "--mix", "toy"], "two models are called rule:copy"),
        (["--models", "rule:copy", "--mix", "toy", "--baseline", "x"], "--baseline x is not among"),
        (["--models", "rule:copy", "--mix", "toy", "--pool", "p=rule:copy"], "two models or more"),
        (["--models", "rule:copy", "--mix", "toy", "--pool", "p=rule:copy,x"], "x is not among"),
        (["--models", "rule:copy", "--mix", "toy", "--name", "a/b"], "cannot be a name"),
        (["--models", "rule:copy", "--modles", "x"], "did you mean --models"),
        (["--models", "rule:copy", "--limit", "0"], "--limit"),
        (["--models", "rule:copy", "--mix", "toy", "--chat_template", "x", "--suite", "/nowhere.yaml"], "no suite"),
    ],
)
def test_what_is_wrong_is_one_clear_line(toy_mix, workspace, words, complaint):
    with pytest.raises(UserError) as caught:
        main(words)
    assert complaint in str(caught.value) and not (workspace / "scores").exists()


def test_errors_leave_with_code_2_and_no_traceback(toy_mix):
    done = command("--models", "rule:copy", "--suite", "nothing")
    assert done.returncode == 2 and done.stderr.startswith("error: no suite 'nothing'") and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
