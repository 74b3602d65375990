"""An Ollama export: a GGUF, and the Modelfile that says how to ask it, with nothing left to Ollama's own defaults."""

from __future__ import annotations

from espalier.artifacts import records
from espalier.errors import UserError
from exports.exported import Exported
from exports.gguf import writer
from exports.gguf.tokens import begins
from exports.templates.choosing import check
from exports.templates.golang import to_go
from exports.templates.pattern import learn
from exports.templates.reading import Speller, as_engines_read

MODELFILE = "Modelfile"


def write(exported: Exported) -> None:
    """Write the GGUF and its Modelfile. UserError where Go cannot say the template."""
    text = modelfile(exported)
    writer.write(exported)
    records.write_text(exported.folder / MODELFILE, text)


def modelfile(exported: Exported) -> str:
    """The Modelfile's text."""
    sampling = exported.sampling
    parameters = {
        "num_ctx": sampling.context,
        "num_predict": sampling.max_new_tokens,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "typical_p": 1.0,
        "repeat_penalty": sampling.repeat_penalty,
        "repeat_last_n": 64 if sampling.repeat_penalty != 1 else 0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "seed": sampling.seed,
    }
    lines = [
        f"FROM ./{exported.gguf.name}",
        f'TEMPLATE """{template(exported)}"""',
        *(f"PARAMETER {key} {value}" for key, value in parameters.items()),
        *(f"PARAMETER stop {_quoted(stop)}" for stop in stops(exported)),
    ]
    return "\n".join([*lines, ""])


def template(exported: Exported) -> str:
    """The trained template in Go. UserError where it cannot be said there."""
    renderer = exported.renderer
    pattern = learn(renderer)
    check(renderer, pattern.text, as_engines_read(renderer))
    text = to_go(pattern, begins=renderer.tokenizer.bos_token if begins(renderer) else "")
    if '"""' in text:
        raise UserError(
            'the chat template prints """, which no Modelfile can hold; choose another with --chat_template'
        )
    return text


def stops(exported: Exported) -> list[str]:
    """What ends a reply, as text: every token that does, the one that ends a text among them."""
    spell = Speller(exported.renderer)
    return [spell([token]) for token in sorted(exported.renderer.stop_ids)]


def _quoted(text: str) -> str:
    """A value as a Modelfile takes it, on one line."""
    if '"' in text or "\n" in text:
        raise UserError(f"the token {text!r} ends replies, and a Modelfile cannot name it; choose another template")
    return f'"{text}"'
