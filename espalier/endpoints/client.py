"""Models behind an OpenAI-compatible endpoint: OpenAI, vLLM, Ollama, llama.cpp's server, `transformers serve`.

    async with Endpoint(settings, Budget(config.budget)) as endpoint:
        reply = await endpoint.ask(messages, max_tokens=400, schema=Answer.model_json_schema())

The official client waits and tries again by itself (408, 409, 429, 5xx, timeouts, broken connections), twice as long
each time, with jitter, and as long as `Retry-After` says. What is left for us is said in one line, as a UserError.
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Awaitable
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from espalier.command_line.config import Config
from espalier.endpoints.budget import Budget, BudgetSettings
from espalier.endpoints.completion import Constraint, NoCompletion, Reply, is_same_model, read_completion
from espalier.errors import UserError

_WEAKER: dict[Constraint, Constraint] = {"schema": "json", "json": "none"}
_HEADERS = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}
_HEADERS_OF_THE_CLIENT = "x-stainless-"
"""All that is sent beside the key. The client would add what it finds in OPENAI_* variables, whoever the server is."""
_TOKENS_AROUND_A_MESSAGE = 16
_TIME_OF_ASKING_S = 60
"""Seconds by which a time that a server states may lie from its clock, and still mean no more than now."""


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("wants a URL such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("wants a URL without user, password, ? or #; a key goes into the variable of --api_key_env")
    if parts.path.rstrip("/").endswith("/completions"):
        raise ValueError("wants the URL up to and including /v1, without /chat/completions")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_plain_url)]
"""The base URL of an endpoint."""


class EndpointSettings(Config):
    """A model behind an OpenAI-compatible endpoint."""

    endpoint: Url
    """Its base URL, which usually ends in /v1."""
    model: str = Field(min_length=1)
    """The model's name there."""
    api_key_env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the key (OPENAI_API_KEY). No key is sent where it is not given."""
    allow_http: bool = False
    """Send the key to another machine without https, for all to read on the way."""
    constrain: Constraint = "schema"
    """How replies are held to a form: by JSON schema, as any JSON, or not at all. Where the server refuses it, the next
    weaker way is taken. Every reply is checked in any case."""
    token_limit_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the server calls the limit of a reply's length; OpenAI's newer models want the second."""
    extra: dict[str, Any] = {}
    """More keys for each request, as this server knows them: {chat_template_kwargs: {enable_thinking: false}}."""
    concurrency: int = Field(4, ge=1, le=1024)
    """Requests under way at once."""
    timeout_s: float = Field(300.0, gt=0)
    """Seconds to wait for an answer."""
    max_retries: int = Field(6, ge=0, le=50)
    """How often a request that failed for the moment is sent again."""


class EndpointError(UserError):
    """The endpoint does not answer as it should, and asking again will not help."""


class Refused(EndpointError):
    """The server takes the request for a bad one (400, 422)."""


class Unanswered(EndpointError):
    """Nobody answered: nothing listens there, or not in time."""


class Closed(EndpointError):
    """The server answers, but not us: a wrong key, URL or model (3xx, 401, 403, 404)."""


class Unpriced(EndpointError):
    """The server does not say what a reply cost, so a budget of money cannot be kept."""


class _Listing(BaseModel):
    """What a server lists under /models."""

    data: list[dict[str, Any]]


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def read_key(settings: EndpointSettings) -> str | None:
    """The key from the environment, None where none is named. UserError where the variable is empty, or where the key
    would travel in the clear."""
    if settings.api_key_env is None:
        return None
    key = os.environ.get(settings.api_key_env, "").strip()
    if not key:
        raise UserError(f"api_key_env: the environment variable {settings.api_key_env} is not set, or is empty")
    if settings.endpoint.startswith("http:") and not is_loopback(settings.endpoint) and not settings.allow_http:
        raise UserError(
            f"endpoint: {settings.endpoint} is another machine and not https, so anyone on the way could read the key; "
            "use https, leave --api_key_env out, or accept it with --allow_http"
        )
    return key


def warnings(settings: EndpointSettings) -> list[str]:
    """What a user should know before anything is sent."""
    if settings.endpoint.startswith("http:") and not is_loopback(settings.endpoint):
        return [f"note: {settings.endpoint} is another machine and not https: what is sent and answered can be read"]
    return []


class Endpoint:
    """A client of one endpoint; an async context manager. UserError where the key or the package is missing."""

    def __init__(self, settings: EndpointSettings, budget: Budget | None = None) -> None:
        try:
            import openai
        except ImportError:
            raise UserError('an endpoint needs the package openai: pip install -e ".[endpoints]"') from None
        self.settings = settings
        self.budget = budget or Budget(BudgetSettings())
        self.constrain = settings.constrain
        """How replies are held to a form now."""
        self.notes: list[str] = []
        """What fell back to something weaker, and why, or is odd, for the command to tell the user; each once."""
        self._noted: set[str] = set()
        self._key = read_key(settings)
        local = is_loopback(settings.endpoint)
        self._client = openai.AsyncOpenAI(
            base_url=settings.endpoint,
            api_key=self._key or "none",
            max_retries=settings.max_retries,
            timeout=settings.timeout_s,
            http_client=openai.DefaultAsyncHttpxClient(
                follow_redirects=False,  # it would take the key along
                trust_env=not local,  # a proxy knows no way to this machine
                timeout=settings.timeout_s,
                event_hooks={"request": [self._before_sending]},
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def _before_sending(self, request: Any) -> None:
        self.budget.count_call()
        for name in {name.lower() for name in request.headers} - _HEADERS:
            if not name.startswith(_HEADERS_OF_THE_CLIENT):
                del request.headers[name]
        if self._key:
            request.headers["authorization"] = f"Bearer {self._key}"

    async def ask(
        self,
        messages: list[dict[str, str]],
        *,
        max_tokens: int,
        temperature: float | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        schema: dict[str, Any] | None = None,
    ) -> Reply:
        """The model's answer to a conversation. What is None is not sent.

        `schema` is the JSON schema the answer should follow; whether it does is for the caller to check. Raises
        EndpointError (Refused among them) and BudgetReached.
        """
        sampling = {"temperature": temperature, "top_p": top_p, "seed": seed, self.settings.token_limit_key: max_tokens}
        body = self.settings.extra | {key: value for key, value in sampling.items() if value is not None}
        constrained: Constraint = self.constrain if schema else "none"
        refusal: Refused | None = None
        while True:
            form = _response_format(constrained, schema)
            try:
                reply = await self._priced(messages, body | form, max_tokens, constrained)
            except Refused as error:
                if constrained not in _WEAKER:
                    raise
                refusal, constrained = refusal or error, _WEAKER[constrained]
                continue
            if refusal and self.constrain != constrained:
                self._note(f"constrain: {self.constrain} is refused ({refusal}); going on with {constrained}")
                self.constrain = constrained
            return reply

    async def models(self) -> list[dict[str, Any]]:
        """What the server lists under /models, an entry each, as it says it. Raises EndpointError and BudgetReached.

        Of `created` only a time past is kept: vLLM and llama.cpp's server put the time of asking there.
        """
        raw = await self._answered(self._client.models.with_raw_response.list())
        try:
            entries = _Listing.model_validate_json(raw.http_response.content).data
        except ValidationError as error:
            raise self._error(f"lists no models ({error.errors()[0]['msg']})") from None
        now = _time_there(raw.http_response.headers.get("date"))
        return [
            {key: value for key, value in entry.items() if key != "created" or not _is_time_near(value, now)}
            for entry in entries
        ]

    async def _priced(
        self, messages: list[dict[str, str]], body: dict[str, Any], max_tokens: int, constrained: Constraint
    ) -> Reply:
        budget = self.budget.settings
        # No tokenizer makes more tokens than there are bytes, but for those that a chat template adds.
        size = len(json.dumps([messages, body.get("response_format")], ensure_ascii=False).encode())
        held = budget.cost(size + _TOKENS_AROUND_A_MESSAGE * len(messages), max_tokens)
        await self.budget.hold(held)
        spent = 0.0
        try:
            reply = await self._send(messages, body, constrained)
            if reply.prompt_tokens is not None and reply.completion_tokens is not None:
                spent = budget.cost(reply.prompt_tokens, reply.completion_tokens)
            elif budget.usd is not None:
                raise Unpriced(
                    f"{self.settings.endpoint} reports no usage, so budget.usd cannot be kept; "
                    "limit --budget.calls instead"
                )
            return reply
        finally:
            await self.budget.settle(held, spent)

    async def _answered(self, sending: Awaitable[Any]) -> Any:
        """What the client brings, or an EndpointError in one line."""
        import openai

        try:
            return await sending
        except openai.APITimeoutError:
            said = f"did not answer within {self.settings.timeout_s:g} s{self._in_a_row()}"
            raise self._error(said, Unanswered) from None
        except openai.APIConnectionError as error:
            said = f"cannot be reached ({error.__cause__ or error}){self._in_a_row()}"
            raise self._error(said, Unanswered) from None
        except openai.APIStatusError as error:
            raise self._status_error(error) from None

    async def _send(self, messages: list[dict[str, str]], body: dict[str, Any], constrained: Constraint) -> Reply:
        began = time.monotonic()
        conversation: Any = messages
        raw = await self._answered(
            self._client.chat.completions.with_raw_response.create(
                model=self.settings.model, messages=conversation, extra_body=body
            )
        )
        try:
            reply = read_completion(
                raw.http_response.content,
                constrained=constrained,
                retries=raw.retries_taken,
                seconds=round(time.monotonic() - began, 3),
            )
        except NoCompletion as error:
            raise self._error(str(error)) from None
        if not is_same_model(self.settings.model, reply.model):
            self._note(f"{self.settings.endpoint} answers as {reply.model}, where {self.settings.model} was asked")
        return reply

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self.notes.append(text)

    def _in_a_row(self) -> str:
        return f", {self.settings.max_retries + 1} times in a row" if self.settings.max_retries else ""

    def _status_error(self, error: Any) -> EndpointError:
        status, headers, said = error.status_code, error.response.headers, _said(error)
        if 300 <= status < 400:
            return self._error(
                f"redirects to {headers.get('location', 'nowhere')}; name that URL, nobody follows it", Closed
            )
        if status in (401, 403):
            return self._error(f"answers {status}: {said}. Is the right key in the variable of --api_key_env?", Closed)
        if status == 404:
            return self._error(f"answers 404: {said}. Is the URL whole (/v1), and the model known there?", Closed)
        if status in (408, 409, 429) or status >= 500:
            wait = headers.get("retry-after")
            waiting = f" (wait {wait} s, it says)" if wait else ""
            return self._error(f"answers {status}{self._in_a_row()}{waiting}: {said}")
        return self._error(f"answers {status}: {said}", Refused if status in (400, 422) else EndpointError)

    def _error(self, text: str, kind: type[EndpointError] = EndpointError) -> EndpointError:
        text = f"{self.settings.endpoint} (model {self.settings.model}) {text}"
        return kind(text.replace(self._key, "…") if self._key else text)


def _response_format(constrained: Constraint, schema: dict[str, Any] | None) -> dict[str, Any]:
    if schema is None or constrained == "none":
        return {}
    if constrained == "json":
        return {"response_format": {"type": "json_object"}}
    form = {"name": schema.get("title", "answer"), "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


def _time_there(date: str | None) -> float:
    """The server's own clock, in seconds, from the header that says it; ours where it does not."""
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return time.time()


def _is_time_near(value: Any, now: float) -> bool:
    return isinstance(value, int | float) and abs(value - now) < _TIME_OF_ASKING_S


def _said(error: Any) -> str:
    """The server's own words, on one line."""
    found: Any = error.body
    while isinstance(found, dict):
        inner = next((found[key] for key in ("message", "detail", "error") if found.get(key)), None)
        found = inner or json.dumps(found)
    text = found if isinstance(found, str) else error.response.text
    return " ".join(text.split())[:300] or "nothing"
