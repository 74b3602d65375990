"""The script that counts false alarms: what it prints of a few sentences, and what it refuses."""

import pytest

from espalier.errors import UserError
from research.benchmarks.varieties import main


def test_false_alarms_and_found_errors_are_counted(tmp_path, capsys):
    (tmp_path / "es.txt").write_text("El perro está en la casa.\n\nLa casa es un problema.\nEl casa está lejos.\n")
    (tmp_path / "errors.tsv").write_text("I\tc\nate\tc\nan\ti\nbook\tc\n\nShe\tc\nsleeps\tc\n")
    main(["--text", f"es={tmp_path / 'es.txt'}", "--errors", str(tmp_path / "errors.tsv"), "--show", "3"])
    out = capsys.readouterr().out
    assert out.splitlines()[2].split() == ["es", "3", "0", "0", "3", "1", "0", "0"]
    assert [line.split()[-2:] for line in out.splitlines()[6:8]] == [["1", "1"], ["1", "0"]]
    assert "es: El casa está lejos. | el casa: casa is feminine, one" in out


@pytest.mark.parametrize("words", [[], ["--text", "xx=a.txt"], ["--text", "es=nowhere.txt"], ["--text", "es"]])
def test_what_cannot_be_read_is_refused(words):
    with pytest.raises(UserError):
        main(words)
