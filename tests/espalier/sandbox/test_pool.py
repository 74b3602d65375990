"""Programs in the pool: what they are given, how they end, and that none finds another."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from espalier.errors import UserError
from espalier.sandbox import Ending, Limits, Pool, Program
from tests.espalier.sandbox.walls import needs_walls

pytestmark = needs_walls
LIMITS = Limits(wall_seconds=120)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(LIMITS, workers=2) as opened:
        yield opened


def test_a_program_reads_its_input_and_its_files(pool: Pool) -> None:
    source = "import helper\nprint(input(), open('data/table.txt').read(), helper.VALUE)\nopen('own', 'w').write('x')"
    files = {"data/table.txt": b"1 2", "helper.py": b"VALUE = 7"}
    outcome = pool.run(Program(source=source, stdin="é\nrest".encode(), files=files))
    assert (outcome.text, outcome.ok, outcome.exit_code, outcome.cut) == ("é 1 2 7\n", True, 0, False)
    assert outcome.cpu_seconds > 0 and outcome.wall_seconds > 0 and outcome.peak_memory > 1 << 20


def test_many_files_can_be_given(pool: Pool) -> None:
    files = {f"a/b/{number}": b"x" for number in range(1500)}
    assert pool.run(Program(source="import os; print(len(os.listdir('a/b')))", files=files)).text == "1500\n"


def test_what_is_given_cannot_be_changed(pool: Pool) -> None:
    source = "import os\nos.chmod('given.txt', 0o777)"
    outcome = pool.run(Program(source=source, files={"given.txt": b"1"}))
    assert outcome.ended is Ending.FAILED and b"Read-only file system" in outcome.stderr


@pytest.mark.parametrize(
    ("source", "ended", "exit_code", "stderr"),
    [
        ("pass", Ending.OK, 0, ""),
        ("raise SystemExit(3)", Ending.FAILED, 3, ""),
        ("exit('no')", Ending.FAILED, 1, "no\n"),
        ("1 / 0", Ending.FAILED, 1, "ZeroDivisionError: division by zero\n"),
        ("print('", Ending.FAILED, 1, "SyntaxError: unterminated string literal (detected at line 1)\n"),
        ("import atexit; atexit.register(print, 'late')", Ending.OK, 0, ""),
    ],
)
def test_a_program_ends_as_python_ends(pool: Pool, source: str, ended: Ending, exit_code: int, stderr: str) -> None:
    outcome = pool.run(Program(source=source))
    assert (outcome.ended, outcome.exit_code) == (ended, exit_code)
    assert outcome.stderr.decode().endswith(stderr) and b"espalier" not in outcome.stderr


def test_a_traceback_shows_the_program_alone(pool: Pool) -> None:
    outcome = pool.run(Program(source="def f():\n    return 1 / 0\nf()"))
    assert outcome.stderr.decode().startswith(
        'Traceback (most recent call last):\n  File "/given/program.py", line 3, in <module>\n    f()\n'
    )


def test_the_main_module_is_what_scripts_expect(pool: Pool) -> None:
    source = "import sys\nif __name__ == '__main__':\n    print(__file__, sys.argv, sys.modules['__main__'].__name__)"
    assert pool.run(Program(source=source)).text == "/given/program.py ['/given/program.py'] __main__\n"


def test_output_is_counted_and_cut(pool: Pool) -> None:
    with Pool(replace(LIMITS, output=1000), workers=1) as small:
        exact = small.run(Program(source="print('x' * 999)"))
        more = small.run(Program(source="import sys\nsys.stderr.write('e' * 10); print('x' * 5000)"))
    assert (exact.ended, len(exact.stdout), exact.cut) == (Ending.OK, 1000, False)
    assert (more.ended, len(more.stdout) + len(more.stderr), more.cut) == (Ending.OUTPUT, 1000, True)


def test_processes_are_allowed_up_to_the_limit() -> None:
    source = "import threading\nt = [threading.Thread(target=s.wait) for s in [threading.Event()] for _ in range({})]"
    source += "\n[x.start() for x in t]; print('begun', flush=True); import os; os._exit(0)"
    with Pool(replace(LIMITS, processes=8), workers=1) as pool:
        assert pool.run(Program(source=source.format(7))).ok
        assert pool.run(Program(source=source.format(8))).ended is Ending.PROCESSES


def test_multiprocessing_works(pool: Pool) -> None:
    source = "from multiprocessing import Pool\nif __name__ == '__main__':\n"
    source += "    with Pool(3) as p: print(p.map(abs, [-1, -2]))"
    assert pool.run(Program(source=source)).text == "[1, 2]\n"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("javascript", "console.log(require('fs').readFileSync(0, 'utf8') + (6 * 7))"),
        ("perl", "print <STDIN>, 6 * 7, qq(\\n)"),
        ("bash", "cat; echo $((6 * 7))"),
    ],
)
def test_other_languages(pool: Pool, language: str, source: str) -> None:
    program = Program(source=source, language=language, stdin=b"in ")
    try:
        outcome = pool.run(program)
    except UserError as error:
        pytest.skip(str(error))
    assert (outcome.text, str(outcome)) == ("in 42\n", "ok")


def test_a_language_that_is_not_installed_is_refused(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *a, **k: None)
    with pytest.raises(UserError, match="programs in perl need perl, which is not installed here"):
        pool.run(Program(source="1", language="perl"))
    assert pool.run(Program(source="pass")).ok, "the keeper is there for the next"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "", ".hidden", "a\nb", "a//b", "program.py", "x" * 200])
def test_the_name_of_a_file_is_checked(name: str) -> None:
    with pytest.raises(UserError, match="of a program"):
        Program(source="", files={name: b""})


def test_a_language_has_to_be_one() -> None:
    with pytest.raises(UserError, match="no language 'cobol': there are python, javascript, perl, bash"):
        Program(source="", language="cobol")


def test_a_limit_has_to_be_above_zero() -> None:
    with pytest.raises(UserError, match="limits: memory is 0"):
        Limits(memory=0)


def test_outcomes_come_in_order_and_several_at_a_time(pool: Pool) -> None:
    programs = [Program(source=f"print({number})") for number in range(12)]
    assert [outcome.text for outcome in pool.map(programs)] == [f"{number}\n" for number in range(12)]


def test_nothing_of_a_program_is_in_the_memory_of_the_next(pool: Pool) -> None:
    mark = b"mark-of-the-program-before"
    pool.run(Program(source=f"x = {mark.decode()!r}", stdin=mark * 1000, files={"a": mark * 1000}))
    look = """
import ctypes, re, sys
half = b"mark-of-the-" + b"program-before"  # the bytes of both halves are in memory, the whole is only in `half`
frames, found = sys._getframe(), 0
while frames:
    found += half.decode() in repr(frames.f_locals.get("request"))
    frames = frames.f_back
import gc
found += sum(type(o) is bytes and o is not half and half in o for o in gc.get_objects())
print(found)
"""
    assert pool.run(Program(source=look)).text == "0\n"


def test_random_numbers_differ_from_program_to_program(pool: Pool) -> None:
    source = "import random; print(random.random())"
    assert pool.run(Program(source=source)).text != pool.run(Program(source=source)).text


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ("print(sum(range(10)))", True),
        ("1 / 0", True),
        ("print({'a', 'b', 'c', 'd', 'e', 'f', 'g'})", False),
        ("print(object())", False),
        ("import random; print(random.random())", False),
        ("import time; print(time.perf_counter_ns())", False),
        ("import random; random.seed(1); print(random.random())", True),
    ],
)
def test_run_twice_finds_what_is_not_determined(pool: Pool, source: str, same: bool) -> None:
    assert pool.run_twice(Program(source=source)).same is same


def test_a_lost_keeper_is_an_outcome_and_is_replaced() -> None:
    with Pool(replace(LIMITS, wall_seconds=60), workers=1) as pool:
        kept = pool._idle.get()
        assert kept is not None
        pool._idle.put(kept)
        os.kill(kept._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
        assert pool.run(Program(source="import time; time.sleep(60)")).ended is Ending.LOST
        assert pool.run(Program(source="print(1)")).text == "1\n"


def test_no_descriptor_is_left_open(pool: Pool) -> None:
    pool.run(Program(source="pass"))
    before = len([*Path("/proc/self/fd").iterdir()])
    for source in ("pass", "1 / 0", "import socket; socket.socket()", "print('x' * 10**7)"):
        pool.run(Program(source=source))
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_closing_leaves_no_process(pool: Pool) -> None:
    own = Pool(LIMITS, workers=1)
    kept = own._idle.get()
    own._idle.put(kept)
    own.close()
    with pytest.raises(ProcessLookupError):
        os.kill(kept._process.pid, 0)  # type: ignore[union-attr]
