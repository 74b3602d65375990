"""The command line of an evaluation."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from espalier.command_line.config import ArtifactOptions, Config, FilePath, NotedOptions, to_dict
from espalier.endpoints.budget import BudgetSettings
from espalier.errors import UserError
from espalier.models.devices import Device

if TYPE_CHECKING:
    from espalier.endpoints.client import EndpointSettings

_NAME_LENGTH = 64


def _is_pin(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{12,64}", text):
        raise ValueError("wants 12 to 64 hexadecimal digits, as --print_pin says them")
    return text


Pin = Annotated[str, AfterValidator(_is_pin)]


class EndpointOptions(Config):
    """How endpoints are asked, be it for replies, verdicts or a learner's words."""

    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Seconds to wait for an answer."""
    max_retries: Annotated[int, Field(ge=0, le=20)] = 4
    """Times to ask again after 429, 5xx, or no answer."""
    allow_http: bool = False
    """Send the key without encryption to another machine."""
    token_limit_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the server calls the limit of a reply's length; OpenAI's newer models want the second."""
    extra: dict[str, Any] = {}
    """More keys for each request, as the server knows them: {chat_template_kwargs: {enable_thinking: false}}."""
    budget: BudgetSettings = BudgetSettings()
    """What may be spent on one endpoint in one invocation."""


class EvaluateConfig(Config):
    """What is compared, on what, and how."""

    models: list[str] = []
    """Who is compared, the baseline first: a run, a folder or a hub name (run:, path:, hub: say which),
    openai:NAME@URL, replies:FILE, human, rule:copy, rule:reference or control:NAME."""
    suite: str = "recast"
    """A suite that comes with Espalier (--list-suites), a YAML or JSON file, JSON lines of cases or minimal pairs, or a
    text."""
    metrics: list[FilePath] = []
    """Python files with metrics of your own, for the suite to name beside Espalier's. They are run as your code."""
    judges: list[str] | None = None
    """Who judges: trained judges by name (judges/NAME), reward models (run:NAME) and openai:NAME@URL. By default the
    classifier, once trained."""
    controls: list[str] | None = None
    """Replies made to win that answer beside the models, by family or kind (salad,agreement), all, or none. By default
    those that the suite names, and where it has a pedagogy score a few of the strongest."""
    fluency: str | None = None
    """A causal language model on this machine that tells whether replies are language, in place of the counts that
    ship: a run (basil-trunk), a folder or a hub name. It decides the column `plausible`."""
    learner: str = "rules"
    """Who plays simulated learners: rules, openai:NAME@URL, or, in suites of what was kept from it, run:NAME, which
    learns by what it hears."""
    name: str | None = None
    """Name of the scores: scores/NAME. By default made of the suite and the models."""
    baseline: str | None = None
    """The model the others are compared with; the first by default."""
    pool: list[str] = []
    """Several runs of one recipe taken together: core=basil-core,basil-core-s1,basil-core-s2."""
    mix: str | None = None
    """Draw held-out cases from this mix instead of the suite's."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Ask at most so many cases: a quick look."""
    seed: int = 0
    """Of sampling, of the bootstrap, and of the examples shown."""
    batch_size: Annotated[int, Field(ge=1)] = 32
    """Replies generated at once."""
    device: Device = "auto"
    """cpu, cuda, cuda:1 and so on for one of several GPUs, or auto."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto is bfloat16 on a GPU and float32 elsewhere."""
    load_in_4bit: bool = False
    """Load weights in 4 bits (NF4)."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""
    trust_remote_code: bool = False
    """Let code that comes with a model run."""
    engine: Literal["local", "vllm", "ray"] = "local"
    """What runs the models: this process, vLLM, or the workers of a Ray cluster."""
    ray_address: str | None = None
    """HOST:PORT of a Ray cluster; by default Ray starts one on this machine."""
    workers: Annotated[int, Field(ge=1, le=256)] = 4
    """Questions that an endpoint gets at once, or workers of Ray."""
    endpoint: EndpointOptions = EndpointOptions()
    """How endpoints are asked."""


class EvaluateOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    list_suites: bool = False
    """List the suites that come with Espalier, and stop."""
    export_template: bool = False
    """Print a suite to start from, with every key explained, and stop."""
    validate_: str | None = None
    """Say what is in this suite, or all that is wrong with it and with what --gate asks of it, and stop."""
    print_pin: bool = False
    """Print the hash of the evaluator that this command would score by, without asking anybody, and stop."""
    pin: Pin | None = None
    """Refuse every other evaluator than that of this hash (12 digits of it or more), and what others kept."""
    gate: list[str] = []
    """Exit with 1 unless this holds: "recast.rate>=0.6", "MODEL:uptake.low>0.5", "no_regression:BASELINE"."""
    junit: str | None = None
    """Write the gates and the cases' own checks as JUnit XML to this file."""
    redo: bool = False
    """Throw away the scores of this name and begin again."""


def default_name(suite: str, models: list[str], limit: int | None) -> str:
    """A name for the scores: the suite and the models, shortened to the first where they are many."""
    end = f"-limit{limit}" if limit else ""
    several = "-".join([suite, *models])
    fewer = f"{suite}-{models[0]}-and-{len(models) - 1}-others"
    for text in (several, fewer):
        plain = re.sub(r"[^A-Za-z0-9.-]+", "-", text).replace("..", "-").strip("-.")
        if len(plain) + len(end) <= _NAME_LENGTH:
            return plain + end
    return plain[: _NAME_LENGTH - len(end)] + end


def command(config: EvaluateConfig, pin: str | None = None) -> str:
    """The command that makes the same scores again, whatever way they were asked for; of a pinned one by its `pin`."""
    default = to_dict(EvaluateConfig())
    words = []
    for key, value in to_dict(config).items():
        if value != default[key]:
            words += [f"--{key}", *map(str, value if isinstance(value, list) else [value])]
    words += ["--pin", pin] if pin else []
    return f"python evaluation/run.py {shlex.join(words)}"


def parse_pools(texts: list[str], known: list[str]) -> dict[str, tuple[str, ...]]:
    """`NAME=MODEL,MODEL,…` as names with members. UserError unless each has two or more of the models compared."""
    pools: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        members = tuple(member for member in rest.split(",") if member)
        if not equals or not name or len(set(members)) < 2:
            raise UserError(f"--pool {text}: wants NAME=MODEL,MODEL with two models or more")
        for member in members:
            if member not in known:
                raise UserError(f"--pool {text}: {member} is not among the models compared ({', '.join(known)})")
        if name in known or name in pools:
            raise UserError(f"--pool {text}: the name {name} is taken")
        pools[name] = members
    return pools


def endpoint_settings(reference: str, config: EvaluateConfig) -> EndpointSettings:
    """The endpoint that `openai:NAME@URL` names. UserError where it names none."""
    from espalier.endpoints.client import EndpointSettings

    name, at, url = reference.removeprefix("openai:").partition("@")
    options = config.endpoint
    if not name or not at:
        raise UserError(f"{reference}: wants openai:NAME@URL, such as openai:qwen3@http://127.0.0.1:8000/v1")
    try:
        return EndpointSettings(
            endpoint=url,
            model=name,
            api_key_env=options.api_key_env,
            allow_http=options.allow_http,
            timeout_s=options.timeout_s,
            max_retries=options.max_retries,
            token_limit_key=options.token_limit_key,
            extra=options.extra,
            concurrency=config.workers,
        )
    except ValidationError as error:
        raise UserError(f"{reference}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
