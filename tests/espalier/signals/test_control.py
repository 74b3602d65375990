from pathlib import Path

import pytest

from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.cli import main
from espalier.errors import UserError
from espalier.signals.control import Word, parse, take, tell
from tests.espalier.artifacts.test_run import finished, other_process, start


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("dance", "no word that a run obeys: 'dance'; there are pause, resume"),
        ("self_play", "did you mean self-play?"),
        ("pause now", "pause stands by itself; 'now' is too much"),
        ("every", "every wants a number of steps, at least 1, not ''"),
        ("every 0", "at least 1, not '0'"),
        ("every -5", "at least 1, not '-5'"),
        ("every ²", "at least 1, not"),
        ("every 5 6", "at least 1, not '5 6'"),
        ("every 99999999999999", "at least 1"),
        ("\x1b[2J", r"no word that a run obeys: '\\x1b[2J'"),
    ],
)
def test_what_is_no_word_is_said(line: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(line)
    assert says in str(caught.value)


def test_words_are_taken_once_and_in_their_order(tmp_path: Path) -> None:
    assert take(tmp_path) == ([], [])
    (tmp_path / "control").write_bytes(b" checkpoint\nevery  250 \n\nd\xff\npause")
    words, wrong = take(tmp_path)
    assert (words, len(wrong)) == ([Word("checkpoint"), Word("every", 250), Word("pause")], 1)
    assert take(tmp_path) == ([], [])


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_run_that_trains_is_told(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    process = other_process(state=state)
    try:
        for argv in (["pause", "basil"], ["every", "basil", "250"], ["reflect", "basil"]):
            main(argv)
        assert f"basil is {state}, and was told: every 250" in capsys.readouterr().out
        assert (artifact("runs", "basil") / "control").read_text() == "pause\nevery 250\nreflect\n"
    finally:
        process.communicate()


def test_one_that_only_begins_has_no_ear_yet() -> None:
    lock = Lock(artifact("runs", "basil") / "lock")
    artifact("runs", "basil").mkdir(parents=True)
    lock.acquire("run basil")
    with pytest.raises(UserError, match="basil only begins"):
        tell("basil", "pause")
    lock.release()
    start().release()  # it was not told anything that would stand in its way


def test_where_nobody_trains_it_is_said() -> None:
    finished("done")
    start("left").release()
    for name, says in (
        ("done", "done does not train now, it is complete: there is nobody to be told$"),
        ("left", r"left does not train now, it is interrupted.*python stage1/train\.py --resume left"),
        ("gone", "no run is called gone; espalier runs lists them"),
        ("../mixes", "cannot be a name"),
    ):
        with pytest.raises(UserError, match=says):
            tell(name, "resume")
    assert not list(artifact("runs", "done").glob("control"))
