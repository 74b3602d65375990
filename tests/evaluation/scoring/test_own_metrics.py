from pathlib import Path

import pytest

from espalier.errors import UserError
from evaluation.cases.case import Case, Dialogue, Reply
from evaluation.metrics.base import DialogueMetric, Metric, Score
from evaluation.scoring.own_metrics import load_metrics

HEAD = "from evaluation.metrics.base import dialogue_metric, metric\nfrom evaluation.metrics import uptake\n"
POLITE = '''
@metric("says please", better="neither")
def polite(case, reply):
    """The word please stands in the reply."""
    return float("please" in reply.text.lower())
'''
CASE = Case(name="market", messages=[{"role": "user", "content": "I go to the market."}])


def write(folder: Path, text: str, name: str = "my.py", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + text, encoding="utf-8")
    return path


def reply(text: str) -> Reply:
    return Reply(text=text, num_tokens=1, finish="stop")


def test_own_metrics_are_loaded_and_nothing_is_left_beside_them(tmp_path):
    both = (
        POLITE + '\n@dialogue_metric("turns", high=99)\ndef turns(case, dialogue):\n    """How many."""\n    return 2\n'
    )
    found = load_metrics([write(tmp_path, both)])
    assert list(found) == ["polite", "turns"]  # uptake is only imported there
    polite, turns = found["polite"], found["turns"]
    assert isinstance(polite, Metric) and polite.label == "says please" and polite.better == "neither"
    assert polite(CASE, reply("Please!")) == Score(1.0) and polite(CASE, reply("No.")) == Score(0.0)
    assert isinstance(turns, DialogueMetric) and turns(CASE, Dialogue(messages=[], opening=0)) == Score(2.0)
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("1", Score(1.0)),
        ("True", Score(1.0)),
        ("None", Score(None)),
        ("Score(0.5, 'says  so\\nthere \\ud800')", Score(0.5, "says so there ?")),
        ("Score(0.5, 'x' * 999)", Score(0.5, "x" * 299 + "…")),
        ("Score(None, 'nobody asked')", Score(None, "nobody asked")),
    ],
)
def test_a_bare_number_is_a_score_and_a_reason_is_one_line(tmp_path, result, expected):
    text = POLITE.replace('float("please" in reply.text.lower())', result)
    polite = load_metrics([write(tmp_path, text, head=f"{HEAD}from evaluation.metrics.base import Score\n")])["polite"]
    assert polite(CASE, reply("x")) == expected


def test_a_changed_file_is_read_anew(tmp_path):
    path = write(tmp_path, POLITE)
    load_metrics([path])
    write(tmp_path, POLITE.replace('"please" in', '"merci!" in'))
    assert load_metrics([path])["polite"](CASE, reply("merci!")).value == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "my.py: no metric in it"),
        ("def broken(:\n", r"my.py:3: invalid syntax"),
        ("\nimport nowhere_to_be_found\n", "my.py:4: ModuleNotFoundError: No module named"),
        ("1 / 0\n", "my.py:3: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "my.py:3: SystemExit: 3"),
        (POLITE.replace("polite", "uptake"), "my.py:4: the name uptake is taken"),
        (POLITE.replace("polite", "providing_guidance"), "my.py:4: the name providing_guidance is taken"),
        (POLITE.replace("polite", "pedagogy"), "my.py:4: the name pedagogy is taken"),
        (
            POLITE.replace('    """The word please stands in the reply."""\n', ""),
            "my.py:4: ValueError: .*needs a docstring",
        ),
        ("\x00", "my.py:.*null byte"),
    ],
)
def test_a_file_that_will_not_do_says_where(tmp_path, text, said):
    with pytest.raises(UserError, match=said):
        load_metrics([write(tmp_path, text)])


def test_two_files_may_not_share_a_name(tmp_path):
    one, other = write(tmp_path, POLITE), write(tmp_path, POLITE, "other.py")
    with pytest.raises(UserError, match=r"other.py:4: the name polite is taken"):
        load_metrics([one, other])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="gone.py: no such file"):
        load_metrics([tmp_path / "gone.py"])
    with pytest.raises(UserError, match="no such file"):
        load_metrics([tmp_path])
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.raises(UserError, match=r"latin\.py"):
        load_metrics([tmp_path / "latin.py"])


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ('reply.text["x"]', "my.py:7: metric polite fails on case market: TypeError"),
        ("2.0", "my.py:4: metric polite fails on case market: ValueError: .*outside 0.0..1.0"),
        ("'yes'", "my.py:4: metric polite fails on case market: TypeError"),
        ("float('nan')", "my.py:4: metric polite fails on case market: ValueError"),
    ],
)
def test_what_a_metric_does_wrong_later_names_metric_case_and_line(tmp_path, result, said):
    found = load_metrics([write(tmp_path, POLITE.replace('float("please" in reply.text.lower())', result))])
    with pytest.raises(UserError, match=said):
        found["polite"](CASE, reply("x"))
