"""What is asked of the model: three Jinja templates in a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_mix.generation.reply import Problem
from espalier.command_line.config import Config, load_file
from espalier.errors import UserError

MAX_SAID = 8
"""Words that hold a mistake, at most: a whole sentence shows nothing."""


class PromptFile(Config):
    """The templates."""

    system: str
    """What the author of the dialogues is told about all of them."""
    request: str
    """What is asked for one dialogue."""
    again: str
    """What is said when a dialogue cannot be used."""


class Prompts:
    """The templates of a file, ready to be filled. UserError where one is broken."""

    def __init__(self, file: Path) -> None:
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        texts = load_file(PromptFile, file)
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._file, self._broken = file, TemplateError
        try:
            self._system, self._request, self._again = map(
                environment.from_string, (texts.system, texts.request, texts.again)
            )
        except TemplateError as error:
            raise UserError(f"{file}: {error}") from None
        self.again_text = texts.again
        """The template for asking again."""

    def first(self, **about: Any) -> list[dict[str, str]]:
        """The conversation that asks for a dialogue; `about` is what the file lists as variables."""
        about |= {"max_said": MAX_SAID}
        return [
            {"role": "system", "content": self._fill(self._system, about)},
            {"role": "user", "content": self._fill(self._request, about)},
        ]

    def again(self, messages: list[dict[str, str]], reply: str, problems: list[Problem]) -> list[dict[str, str]]:
        """The conversation that asks once more, after a reply that cannot be used."""
        text = self._fill(self._again, {"problems": [problem.detail for problem in problems]})
        # Some servers refuse a message with nothing in it.
        return [*messages, {"role": "assistant", "content": reply or "(nothing)"}, {"role": "user", "content": text}]

    def _fill(self, template: Any, about: dict[str, Any]) -> str:
        try:
            return str(template.render(about)).strip()
        except self._broken as error:
            raise UserError(f"{self._file}: {error}") from None
