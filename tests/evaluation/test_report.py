"""The report on results whose truth is set by hand."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from evaluation.cases.case import Truth
from evaluation.cases.suite import Generation, Suite
from evaluation.cases.trained_on import Lineage
from evaluation.comparison.figures import Contestant, Results
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics import METRICS
from evaluation.metrics.base import Column, dialogue_metric
from evaluation.report import Material, conclusions, log_line, write_report
from evaluation.report.examples import before_and_after, failures
from evaluation.scoring.records import Record

NAMES = ["corrected_present", "good_reply", "explicit_correction", "in_role"]
MOVES = [("recast", "must"), ("hint", "must_not")]


def record(model: str, number: int, good: bool, **changes) -> Record:
    strategy, rule = MOVES[number % 2]
    error = ("tense", "word_order")[number % 3 % 2]
    truth = Truth(learner=f"I go {number}.", strategy=strategy, rule=rule, corrected="you went", error=error)
    metrics = {"explicit_correction": 0.0, "in_role": 1.0, "good_reply": float(good)}
    metrics["corrected_present" if rule == "must" else "corrected_absent"] = float(good)
    found = Record(
        model=model, case=f"c{number}", turn=0, sample=0, num_turns=1, split="unseen_pairs", cluster=f"k{number}",
        combination=("go", str(number), "tense"), tags=(), messages=[{"role": "user", "content": truth.learner}],
        reply=f"{model} says {number}", finish="stop", error="", num_tokens=1, log_likelihoods=(), metrics=metrics,
        notes={}, truth=truth, reference=None, answer="", criteria="",
    )  # fmt: skip
    return replace(found, **changes)


def material(old: list[bool], new: list[bool], **changes) -> Material:
    records = [record("old", n, good) for n, good in enumerate(old)] + [record("new", n, g) for n, g in enumerate(new)]
    return of(records, **changes)


def of(
    records: list[Record], columns: Sequence[Column] = (), headline: str = "corrected_present", **changes
) -> Material:
    contestants = [Contestant(name=name, members=(name,)) for name in dict.fromkeys(r.model for r in records)]
    columns = columns or [METRICS[name] for name in NAMES]
    lineage = Lineage(ancestors=("run:seed",), mixes={}, known=True, summary={})
    # The suite is only asked for its texts and for what decides.
    suite = Suite.model_construct(
        name="toy",
        version=1,
        description="A toy.",
        truth="By hand.",
        metrics=(),
        headline=headline,
        generation=Generation(),
    )
    facts = {
        "name": "toy",
        "command": "python evaluation/run.py --models old new",
        "suite": suite,
        "metrics": columns,
        "results": Results(records, contestants, contestants[0].name, columns, seed=0),
        "lineages": {each.name: lineage for each in contestants},
        "identities": {each.name: {"content_hash": each.name * 20} for each in contestants},
        "mix": "toy (abc)",
        "seed": 0,
    }  # fmt: skip
    return Material(**facts | changes)


def page(found: Material, folder) -> str:
    write_report(found, folder)
    return (folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("old", "new", "opening"),
    [
        ([False] * 80, [True] * 80, "new teaches better than old"),
        ([True] * 80, [False] * 80, "new teaches worse than old"),
        ([False] * 4 + [True] * 4, [False, False, True, True] * 2, "cannot tell which of new and old"),
        ([True] * 80, [True] * 80, "cannot tell which of new and old"),
    ],
)
def test_the_verdict(old, new, opening):
    (paragraph,) = conclusions(material(old, new))
    assert opening in paragraph.splitlines()[0][:80]


def test_the_verdict_says_how_sure_and_how_often():
    (paragraph,) = conclusions(material([False] * 80, [True] * 36 + [False] * 44))
    assert "new 45.0 %, old 0 %" in paragraph and "45.0 more of every 100 replies" in paragraph
    low, high = map(
        float, re.search(r"between \+([\d.]+) and \+([\d.]+) of 100 \(95 % interval; 40 replies\)", paragraph).groups()
    )
    assert 20 < low < 45 < high < 65
    assert "keeps every rule of a good reply at once 45.0 % (old: 0 %)" in paragraph
    assert "new did better 18 times, worse never, as well 22 times" in paragraph
    assert "corrects the learner to the face 0 % (old: 0 %)" in paragraph


def test_fewer_is_better_where_the_metric_says_so():
    blunt = [record("old", n, True) for n in range(40)]
    for number, each in enumerate(blunt):
        each.metrics["explicit_correction"] = float(number % 2)
    (paragraph,) = conclusions(
        of([*blunt, *(record("new", n, True) for n in range(40))], headline="explicit_correction")
    )
    assert "new teaches better than old" in paragraph and "50.0 fewer of every 100" in paragraph
    assert "did better 20 times, worse never" in paragraph


def test_the_verdict_is_corrected_for_the_number_of_measures():
    (paragraph,) = conclusions(material([True] * 80, [False] * 12 + [True] * 68))
    # Six of forty worse and none better: p = 2 / 2**6; a column with twice as many comes before it.
    assert "permutation test gives p = 0.031, and p = 0.094 corrected for 4 comparisons" in paragraph
    assert "cannot tell which of new and old" in paragraph
    only = of([*(record("old", n, True) for n in range(80)), *(record("new", n, n > 11) for n in range(80))],
              [METRICS["corrected_present"]])  # fmt: skip
    (paragraph,) = conclusions(only)
    assert "gives p = 0.031; the effect is −0.41 standard deviations" in paragraph and "new teaches worse" in paragraph
    assert re.search(r"40 replies like these find a change of 16\.\d of 100 4 times in 5", paragraph)


def test_of_few_replies_no_change_of_more_than_all_is_promised():
    found = of([record(m, n, m == "old" or n == 0) for m in ("old", "new") for n in (0, 2)],
               [METRICS["corrected_present"]])  # fmt: skip
    assert "2 replies like these find not even the greatest change 4 times in 5" in conclusions(found)[0]


def test_what_is_no_share_is_no_percentage(tmp_path):
    words = Column(name="words", label="words in a reply", description="How many.", high=float("inf"), better="lower")
    records = [
        record(m, n, True, metrics={"words": 10.0 + n + 5 * (m == "new")}) for m in ("old", "new") for n in range(9)
    ]
    text = page(of(records, [words], headline="words"), tmp_path)
    verdict = " ".join(text.split("\n\n")[1:3])
    assert "new teaches worse than old" in verdict and "new 19.0, old 14.0. That is 5.00 more;" in verdict
    assert "%" not in verdict.replace("95 % interval", "") and "of 100" not in verdict
    assert "| 14.0 (11.9–16.1) | 19.0 (16.9–21.1) |" in text and "0 up; lower is better" in text
    assert "![" not in text and "## Where new does worst" in text and "The learner says" not in text
    assert text.index("new says 8") < text.index("new says 7")


def test_degrees_are_points_and_not_replies():
    records = [
        record(m, n, True, metrics={"providing_guidance": 0.5 + 0.5 * (m == "new" and n % 2)})
        for m in ("old", "new")
        for n in range(60)
    ]
    (paragraph,) = conclusions(of(records, [DIMENSIONS["providing_guidance"]], headline="providing_guidance"))
    assert "25.0 points of 100 more;" in paragraph and "of every 100 replies" not in paragraph


def test_the_line_of_the_log():
    line = log_line(material([False] * 80, [True] * 36 + [False] * 44))
    head, beside = line.split(" (", 1)
    assert head == "toy v1, corrected form given, where the move must give it: old 0 %; new 45.0 %"
    assert re.fullmatch(r"\+45\.0, 95 % interval \+2\d\.\d to \+6\d\.\d\)", beside)


def test_one_model_alone(tmp_path):
    text = page(of([record("old", n, True) for n in range(10)], lineages={}), tmp_path)
    assert text.startswith("# old: toy, version 1") and "old reaches 100 %" in text and "Compared with" not in text


def test_the_page_has_its_parts_and_pictures(tmp_path):
    text = page(material([False] * 40, [True] * 30 + [False] * 10), tmp_path)
    for heading in [
        "The same words", "All measures", "Compared with old", "By kind of mistake", "By move", "By kind of hold-out",
        "Where new still fails", "Where the models come from", "What this rests on",
    ]:  # fmt: skip
        assert f"\n## {heading}" in text, heading
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert pictures == ["toy.png", "toy-mistakes.png"] and all((tmp_path / name).is_file() for name in pictures)
    assert "--models old new" in text and "mix toy (abc)" in text and "By hand." in text
    assert "No model's lineage was trained on" in text and "Dialogues played" not in text


def test_the_same_results_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_report(material([False] * 20, [True] * 20), tmp_path / folder)
    for name in ("report.md", "toy.png", "toy-mistakes.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_model_that_may_have_seen_the_cases_is_flagged_at_the_top(tmp_path, toy_mix):
    from espalier.artifacts.records import read_manifest

    mixes = {"toy": read_manifest(toy_mix)["content_hash"]}
    summary = {"parameters": 10, "parameters_trained": 1}
    leaky = Lineage(ancestors=(), mixes=mixes, known=True, summary=summary)
    found = material([False] * 20, [True] * 20)
    text = page(replace(found, lineages={"old": found.lineages["old"], "new": leaky}), tmp_path)
    caution = "Caution: new was trained on a mix that does not hold out the combinations of 20 of these 20 cases"
    assert caution in text.split("## ")[0] and "1 of 10 (10.0 %)" in text
    unknown = Lineage(ancestors=(), mixes={}, known=False, summary={})
    text = page(replace(found, lineages={"new": unknown}), tmp_path)
    assert "Caution" not in text and "Whether new has seen the combinations of 20 of these 20 cases" in text


def test_hostile_replies_stay_in_their_cells(tmp_path):
    found = material([False] * 4, [True] * 4)
    hostile = "# Ha | <img src=x onerror=alert(1)>\n\n| a | b |\n```\n![](http://e.vil/x.png)"
    for place, each in enumerate(found.results.records("new")):
        found.results.records("new")[place] = replace(each, reply=hostile)
    text = page(found, tmp_path)
    assert "<img" not in text and "\n# Ha" not in text and "![](http" not in text
    lines = text.splitlines()
    start = lines.index("## The same words, every model's reply")
    rows = [line for line in lines[start:] if line.startswith("|")][:4]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_examples_are_drawn_by_lot_one_per_move():
    results = material([False] * 40, [True] * 40).results
    one, again = (before_and_after(results, ["old", "new"], seed) for seed in (0, 0))
    assert one == again and one != before_and_after(results, ["old", "new"], 1)
    assert len(one.splitlines()) == 2 + len(MOVES) and "✗ old says" in one and "✓ new says" in one


def test_marks_and_cuts():
    results = material([True] * 2, [True] * 2).results
    results.records("new")[0] = record("new", 0, False, reply="x" * 500, finish="length")
    results.records("new")[1] = record("new", 1, True, reply="  ", metrics={})
    text = before_and_after(results, ["old", "new"], 0)
    assert "✗ " + "x" * 140 + " […] *(never ends)* |" in text and "| *(says nothing)* |" in text


def test_failures_are_those_of_the_deciding_measure():
    found = material([True] * 40, [True] * 20 + [False] * 20)
    text, total = failures(found.results, found.results.contestants[1], METRICS["corrected_present"], 0)
    assert total == 10 and len(text.splitlines()) == 2 + 6 and "✓" not in text
    assert failures(found.results, found.results.contestants[0], METRICS["corrected_present"], 0)[1] == 0


def test_a_reply_that_fails_stands_beside_why_it_does():
    found = material([True] * 3, [False] * 3)
    for each in found.results.records("new"):
        each.notes["corrected_present"] = {"why": "no “you | went”"}
    text, _ = failures(found.results, found.results.contestants[1], METRICS["corrected_present"], 0)
    assert "| new | why |" in text and text.count("| no “you \\| went” |") == 2


def test_the_weakest_group_comes_first():
    found = material([True] * 60, [number % 3 != 1 for number in range(60)])
    assert found.groups("error") == ["word_order", "tense"]


def section(text: str, title: str) -> str:
    """What stands under a heading; empty where there is none."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_strata_by_tag_and_level_with_the_difference(tmp_path):
    records = [
        record(m, n, m == "new" or n < 30, tags=("sums" if n < 30 else "essays", "tense"))
        for m in ("old", "new")
        for n in range(60)
    ]
    records = [
        replace(r, truth=replace(r.truth, level="A1" if int(r.case[1:]) % 4 else "B2", first_language="Thai"))
        for r in records
    ]
    text = page(of(records), tmp_path)
    tags = [line for line in section(text, "By tag").splitlines() if line.startswith("| ")]
    assert "new, less old" in tags[0] and len(tags) == 4  # "tense" is a kind of mistake already
    assert tags[2].startswith("| essays | 15 | 0 %") and "| +100.0 (" in tags[2] and "| +0.0 (" in tags[3]
    assert "| A1 |" in section(text, "By level") and "| Thai |" in section(text, "By first language")


def test_what_is_missing_is_said(tmp_path):
    failed = {"finish": "error", "error": "429: too many requests", "metrics": {}, "reply": ""}
    records = [record("old", n, True) for n in range(10)]
    records += [record("new", n, True, **failed if n in (2, 3, 4) else {}) for n in range(9)]
    records.append(
        record("new", 9, True, metrics={"in_role": 1.0}, notes={"good_reply": {"abstained": True, "why": "?"}})
    )
    text = section(page(of(records), tmp_path), "What is missing")
    assert "| new | every measure | – | – | 3 |" in text
    assert "| new | keeps every rule of a good reply at once | 6 | 1 | 3 |" in text and "| old |" not in text
    assert "- new, 3 times: 429: too many requests" in text
    assert "What is missing" not in page(material([True] * 4, [True] * 4), tmp_path)


def judged(**changes) -> Material:
    values = iter([0.0, 0.5, 1.0] * 100)
    records = [
        record(m, n, True, metrics={"providing_guidance": next(values)}) for m in ("old", "new") for n in range(30)
    ]
    return of(records, [DIMENSIONS["providing_guidance"]], headline="providing_guidance", **changes)


def figure(value: float) -> dict:
    return {
        "macro_f1": {"value": value, "low": value - 0.05, "high": value + 0.05},
        "kappa": {"value": 0.2, "low": 0.1, "high": 0.3},
    }


def calibration(reliable: bool) -> dict:
    facts = {
        "by_problem": figure(0.6),
        "new_tutor": figure(0.5),
        "tutor_name_only": figure(0.4),
        "surface": figure(0.35),
        "majority": figure(0.3),
    }
    return {
        "dimensions": {
            "providing_guidance": {
                "n": 1234,
                **facts,
                "reliable_for_new_models": reliable,
                "why": "chance does as well",
            }
        }
    }


def test_how_far_to_trust_a_judged_column(tmp_path):
    text = page(judged(judges=("classifier",), calibrations={"classifier": calibration(True)}), tmp_path)
    figures = "0.60 (0.55–0.65) | 0.50 (0.45–0.55) | 0.20 (0.10–0.30) | 0.40 (0.35–0.45) | 0.35 (0.30–0.40)"
    found = section(text, "How far to trust each column")
    assert (
        f"| classifier | guides | 1,234 | {figures} | 0.30 (0.25–0.35) | reliable |" in found and "Caution" not in text
    )
    doubted = page(judged(judges=("classifier",), calibrations={"classifier": calibration(False)}), tmp_path)
    assert (
        "| **not reliable** |" in doubted and "*guides* is not reliable for new models: chance does as well" in doubted
    )
    assert "Caution: what decides is a judged column that is not reliable" in doubted.split("## ")[0]
    unknown = page(judged(judges=("openai:qwen",)), tmp_path)
    assert "How far openai:qwen agrees with teachers is not known" in unknown and "evaluation/calibrate.py" in unknown


def test_columns_that_no_judge_gives(tmp_path):
    text = page(material([True] * 4, [True] * 4, missing=("providing_guidance", "pedagogy")), tmp_path)
    found = section(text, "How far to trust each column")
    assert (
        "no judge is trained: `providing_guidance`, `pedagogy`" in found
        and "evaluation/judges/train.py --labels" in found
    )
    other = page(material([True] * 4, [True] * 4, missing=("tutor_tone",), judges=("classifier",)), tmp_path)
    assert "the judges at work do not give them: `tutor_tone`" in other


def test_rule_metrics_beside_teachers(tmp_path):
    r = {"value": 0.31, "low": 0.2, "high": 0.4}
    weak = {"value": -0.1, "low": -0.2, "high": 0.0}
    found = {
        "metrics": {
            "in_role": {"providing_guidance": {"n": 99, "pearson": r}, "actionability": {"n": 99, "pearson": weak}}
        }
    }
    text = page(material([True] * 4, [True] * 4, calibrations={"metrics": found}), tmp_path)
    assert "| ends by itself and stays in its role | guides | +0.31 (+0.20 to +0.40) | 99 |" in text


def test_a_panel_shows_agreement_and_abstentions(tmp_path):
    found = judged(judges=("classifier", "openai:qwen"))
    votes = [(1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (None, 1.0)]
    for model in ("old", "new"):
        for each in found.results.records(model):
            pair = dict(zip(("classifier", "openai:qwen"), votes[int(each.case[1:]) % 4], strict=True))
            each.notes["providing_guidance"] = {"votes": pair}
    text = section(page(found, tmp_path), "How far to trust each column")
    # Sixty replies: 46 with two votes, 32 of which agree; 14 with one. α = 1 - (28 / 92) / (2 * 46 * 46 / (92 * 91)).
    assert "| guides | 60 | 0.40 | classifier and openai:qwen 69.6 % | classifier 14 |" in text


def test_the_pedagogy_score_is_stated_with_what_it_is_worth(tmp_path):
    from evaluation.scoring.pedagogy import PEDAGOGY, VERSION

    def e(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.1, "high": value + 0.1}

    def beside(value: float) -> dict:
        return {"pairs": 99, "score": e(value), "question_mark": e(0.5), "length": e(0.7), "ahead": e(value - 0.5)}

    worth = {
        "dimensions": {},
        "pedagogy": {
            "by_problem": {"n": 2000, "pearson": e(0.6)},
            "new_tutor": {
                "n": 1900,
                "pearson": e(0.5),
                "preferences": {"all": beside(0.75)},
                "bias": {"expert": {"n": 243, "bias": e(-0.2)}},
            },
        },
        "attacks": {
            "mrbench": {
                "dialogues": 200,
                "families": {
                    "praise": {"label": "praised first", "adds": True, "beaten": False, "share": e(1.1)},
                    "canned": {"label": "one question", "adds": False, "beaten": True, "share": e(0.3)},
                },
            }
        },
        "ablation": {
            "pairs": 642,
            "with_novice": e(0.8),
            "without_novice": e(0.6),
            "lost": e(0.2),
            "beside": {"without_novice": {"all": beside(0.6), "both_ask": beside(0.55)}},
        },
    }
    records = [record(m, n, True, metrics={"pedagogy": n / 20}) for m in ("old", "new") for n in range(20)]
    scored = of(records, [PEDAGOGY], headline="pedagogy", judges=("classifier",), calibrations={"classifier": worth})
    text = section(page(scored, tmp_path), "How far to trust each column")
    assert f"composite, version {VERSION}, of judged columns" in text and "`providing_guidance` 0." in text
    assert "at r = +0.60 (+0.50 to +0.70) on an unseen problem (2,000 replies); +0.50" in text
    assert "1 of 2 families were beaten. Nearest came one question, with 0.30" in text
    assert "not beaten: praised first.\n" in text
    assert "first, on an unseen problem and an unseen tutor: 0.75 (0.65–0.85) (a question mark alone 0.50" in text
    assert "by kind of tutor, each unseen: expert −0.20 (−0.30 to −0.10).\n" in text
    assert "both ask: 0.55" in text and "ahead of the mark +0.05" in text
    assert "Of 642 pairs" in text and "0.80 (0.70–0.90), and of 0.60 (0.50–0.70)" in text
    bare = page(of(records, [PEDAGOGY], headline="pedagogy"), tmp_path)
    assert (
        "composite, version" in bare and "Style or teaching" not in bare and "replies made to win were held" not in bare
    )


def test_models_with_the_same_content_are_called_one(tmp_path):
    same = {name: {"content_hash": "f" * 64} for name in ("old", "new")}
    text = page(material([True] * 4, [True] * 4, identities=same), tmp_path)
    assert "Caution: old and new have the same content" in text.split("## ")[0]
    endpoints = {name: {"kind": "openai"} for name in ("old", "new")}
    assert "same content" not in page(material([True] * 4, [True] * 4, identities=endpoints), tmp_path)


def test_cases_whose_words_were_in_training_are_flagged(tmp_path):
    text = page(material([True] * 20, [True] * 20, seen={"new": {"c3": "prose", "c4": "prose"}, "old": {}}), tmp_path)
    assert "Caution: the words of 2 of these 20 cases stand in a mix that new descends from" in text.split("## ")[0]
    assert "new may have met in prose: c3, c4." in text and "old may have met" not in text


def test_gates_stand_in_the_report(tmp_path):
    from evaluation.gate import Outcome

    gates = [Outcome(text="in_role.rate>=0.6", passed=False, why="new has only 0.5")]
    text = section(page(material([True] * 4, [True] * 4, gates=gates), tmp_path), "Gates")
    assert "| in_role.rate&gt;=0.6 | failed | new has only 0.5 |" in text


def test_dialogues_have_their_own_section(tmp_path):
    @dialogue_metric("learner's share of the talk", better="neither")
    def talk(case, dialogue):
        """A share."""

    records = []
    for model in ("old", "new"):
        for number in range(10):
            first = record(model, number, True, num_turns=2)
            first.metrics["talk"] = 0.25 if model == "old" else 0.5
            records += [first, record(model, number, model == "new", turn=1, num_turns=2)]
    text = page(of(records, [METRICS["good_reply"], METRICS["in_role"], talk], headline="good_reply"), tmp_path)
    found = section(text, "Dialogues played to the end")
    assert (
        "| learner's share of the talk | 10 | 25.0 % (" in found
        and "| whole dialogues answered in role to the end | 10 |" in found
    )
    assert "| turns: keeps every rule of a good reply at once | 20 | 50.0 % (" in found
    assert "learner's share of the talk" not in section(text, "All measures")
    assert "learner's share of the talk" in section(text, "Compared with old, reply by reply")


def test_wrong_but_soundly_reasoned(tmp_path):
    from evaluation.metrics.choice import choice_correct
    from evaluation.metrics.soundness import sound_reasoning

    def answered(model: str, number: int, right: bool, sound: float) -> Record:
        metrics = {"choice_correct": float(right), "sound_reasoning": sound}
        reply = f"Because {model} thinks so {number}.\nAnswer: B"
        return record(model, number, True, metrics=metrics, reply=reply, answer="B" if right else "A")

    records = [answered("old", n, n < 5, 0.9 if n < 7 else 0.2) for n in range(10)]
    records += [answered("new", n, True, 0.9) for n in range(10)]
    text = section(
        page(of(records, [choice_correct, sound_reasoning], headline="choice_correct"), tmp_path),
        "Wrong, but soundly reasoned",
    )
    assert "| old | 10 | 5 | 2 |" in text and "| new | 10 | 0 | 0 |" in text and "sound from 0.5 on" in text
    assert "| old | c5 | I go 5. | Because old thinks so 5. | B | A | 0.900 |" in text and "so 8." not in text
    assert "Wrong, but soundly" not in page(material([True] * 4, [True] * 4), tmp_path)


def test_pictures_hold_no_more_bars_than_can_be_read(tmp_path, monkeypatch):
    from evaluation.report import pictures

    drawn = {}
    monkeypatch.setattr(
        pictures, "interval_bars", lambda rows, series, path, **_: drawn.update({path.name: (rows, series)}) or path
    )
    columns = [Column(name=f"m{n}", label=f"measure {n}", description="") for n in range(30)]
    records = [
        record(m, n, True, metrics={c.name: float(n % 2) for c in columns}) for m in "abcdefghij" for n in range(6)
    ]
    write_report(of(records, columns, headline="m29"), tmp_path)
    rows, series = drawn["toy.png"]
    assert len(series) == 7 and len(rows) == 4 and rows[0] == "measure 29"


def test_pictures_have_a_band_for_the_strongest_control_of_each_kind(tmp_path, monkeypatch):
    from evaluation.report import pictures

    drawn = {}
    monkeypatch.setattr(
        pictures, "interval_bars", lambda rows, series, path, **more: drawn.setdefault(path.name, more) and path
    )
    columns = [METRICS["good_reply"], METRICS["explicit_correction"]]
    names = {"old": "", "control:weak": "borrowed", "control:strong_one": "borrowed", "control:blunt": "style"}
    metrics = {
        name: {"good_reply": float(place == 2), "explicit_correction": float(place == 3)}
        for place, name in enumerate(names)
    }
    records = [record(name, n, True, metrics=metrics[name]) for name in names for n in range(10)]
    contestants = [Contestant(name=n, members=(n,), control=bool(kind), kind=kind) for n, kind in names.items()]
    results = Results(records, contestants, "old", columns, seed=0)
    write_report(replace(of(records, columns, headline="good_reply"), results=results), tmp_path)
    bands = drawn["toy.png"]["bands"]
    assert [[(name, interval[0]) for name, interval in group] for group in bands] == [
        [("strong one", 1), ("blunt", 0)], [("strong one", 0), ("blunt", 1)],
    ]  # fmt: skip
    assert drawn["toy.png"]["bands_are"].endswith("strong one, blunt")


def test_replies_that_failed_are_no_examples():
    found = of(
        [
            record("old", 0, True),
            record("old", 1, True),
            record("new", 0, True, finish="error", metrics={}),
            record("new", 1, True),
        ]
    )
    text = before_and_after(found.results, ["old", "new"], 0)
    assert "new says 1" in text and "says 0" not in text
