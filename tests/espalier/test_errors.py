"""What a command that goes wrong shows, and its exit code."""

import errno
import subprocess
import sys

import pytest

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError, describe

SCRIPT = """
import os, errno
from espalier.errors import UserError, run_main
def main(argv):
    {body}
run_main(main)
"""


def command(body: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(body=body), *argv], capture_output=True, text=True, cwd=repo_root()
    )


def test_success_and_own_exit_codes_pass_through() -> None:
    assert command("return None").returncode == 0
    assert command("return 3").returncode == 3
    assert command("raise SystemExit(4)").returncode == 4


def test_user_error_is_one_line_for_each_problem_and_exit_2() -> None:
    done = command("raise UserError('a.yaml: one\\nb.yaml: two')")
    assert (done.returncode, done.stderr) == (2, "error: a.yaml: one\nerror: b.yaml: two\n")


def test_debug_and_bugs_keep_their_traceback() -> None:
    assert "Traceback" in command("raise UserError('x')", "--debug").stderr
    done = command("raise KeyError('x')")
    assert done.returncode == 1 and "Traceback" in done.stderr


def test_interrupt_is_130() -> None:
    assert command("raise KeyboardInterrupt").returncode == 130


def test_a_reader_that_leaves_is_no_error() -> None:
    code = SCRIPT.format(body="[print('line') for _ in range(100000)]")
    writer = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=repo_root()
    )
    assert writer.stdout and writer.stderr
    writer.stdout.readline()
    writer.stdout.close()
    assert writer.stderr.read() == b""
    assert writer.wait() == 141
    writer.stderr.close()


def test_a_full_disk_is_said_however_it_is_wrapped() -> None:
    assert "disk full: /x" in (describe(OSError(errno.ENOSPC, "No space left", "/x")) or "")
    wrapped = RuntimeError("I/O error: No space left on device (os error 28)")
    assert "disk full" in (describe(wrapped) or "")
    try:
        try:
            raise OSError(errno.EDQUOT, "quota")
        except OSError as error:
            raise ValueError("while saving") from error
    except ValueError as error:
        assert "quota" in (describe(error) or "")


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "gone"), ValueError("no")])
def test_other_errors_are_bugs(error: Exception) -> None:
    assert describe(error) is None
    assert describe(UserError("yes")) == "yes"
