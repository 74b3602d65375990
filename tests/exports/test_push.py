"""An export goes to a hub only where that was typed, whole, and nowhere else."""

from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from espalier.errors import UserError
from exports import run as command
from tests import tiny
from tests.espalier.models.test_loading import adapted, trained_a_little


class Hub:
    """A hub that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.refuses = ""

    def create_repo(self, repository: str, **how: Any) -> str:
        if self.refuses:
            raise OSError(self.refuses)
        self.told.append((repository, how))
        return f"https://hub/{repository}"

    def upload_file(self, **how: Any) -> None:
        self.told.append((how["repo_id"], how))

    def upload_folder(self, **how: Any) -> None:
        self.told.append((how["repo_id"], how))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    found = Hub()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: found)
    return found


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    return [str(tiny.saved(tmp_path / "full")), "--to", "merged", "--name", "one"]


def test_nothing_is_sent_that_was_not_asked_for(hub: Hub, words: list[str]) -> None:
    command.main(words)
    assert hub.told == []


def test_it_is_sent_whole_and_for_its_owner_to_see(
    workspace: Path, hub: Hub, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command.main([*words, "--push", "me/one"])
    (name, made), (again, sent), (_, manifest) = hub.told
    assert name == again == "me/one" and made == {"private": True, "exist_ok": True}
    assert {"README.md", "model.safetensors", "verification.json"} <= set(sent["allow_patterns"])
    assert Path(sent["folder_path"]) == workspace / "exports" / "out" / "one"
    assert manifest["path_in_repo"] == "manifest.json" and b"content_hash" in manifest["path_or_fileobj"]
    everything = b"".join(
        path.read_bytes() for path in Path(sent["folder_path"]).iterdir() if path.name in sent["allow_patterns"]
    )
    assert str(workspace.parent).encode() not in everything + manifest["path_or_fileobj"], "no place on this machine"
    assert "uploaded: https://hub/me/one" in capsys.readouterr().out
    command.main([*words, "--push", "me/two"])
    assert hub.told[-1][0] == "me/two", "what is complete is sent again without being made again"


def test_what_the_hub_does_not_take_stays_here(workspace: Path, hub: Hub, words: list[str]) -> None:
    hub.refuses = "401 Unauthorized\nlong story"
    with pytest.raises(UserError, match=r"the hub did not take me/one \(401 Unauthorized\); the export is complete in"):
        command.main([*words, "--push", "me/one"])
    assert (workspace / "exports" / "out" / "one" / "manifest.json").is_file()


@pytest.mark.parametrize("name", ["one", "a/b/c", "../x", "a b/c", "http://e/x", "a/.."])
def test_a_name_that_is_none_is_told_before_anything_is_made(
    workspace: Path, hub: Hub, words: list[str], name: str
) -> None:
    with pytest.raises(UserError, match="wants OWNER/NAME"):
        command.main([*words, f"--push={name}"])
    assert hub.told == [] and not (workspace / "exports").exists()


def test_what_was_changed_is_not_sent(workspace: Path, hub: Hub, words: list[str]) -> None:
    command.main(words)
    (workspace / "exports" / "out" / "one" / "config.json").write_text("{}")
    with pytest.raises(UserError, match="changed since it was made"):
        command.main([*words, "--push", "me/one"])
    assert hub.told == []


def test_an_adapter_that_nobody_else_could_open_is_not_sent(hub: Hub, tmp_path: Path) -> None:
    from espalier.models import loading

    base = loading.resolve(str(tiny.saved(tmp_path / "base")))
    (tmp_path / "adapter").mkdir()
    loading.save_model(trained_a_little(adapted(base.path)), tiny.renderer(), tmp_path / "adapter", base)
    with pytest.raises(UserError, match="can be opened by nobody else; push it as --to merged"):
        command.main([str(tmp_path / "adapter"), "--to", "adapter", "--name", "one", "--push", "me/one"])
    assert hub.told == []
