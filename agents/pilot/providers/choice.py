"""Which provider, endpoint, key and model: from the command line, then the environment. Pure.

What is missing becomes words for the user, never an exception at start: the client must hear it as an answer.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

ANTHROPIC: Final = "anthropic"
OPENAI: Final = "openai"

#: Names of the variables by provider: keys in order of preference, then the base URL.
KEYS: Final = {ANTHROPIC: ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"), OPENAI: ("OPENAI_API_KEY",)}
BASE_URLS: Final = {ANTHROPIC: "ANTHROPIC_BASE_URL", OPENAI: "OPENAI_BASE_URL"}

#: Used when no model was asked for and the endpoint does not list a better one.
DEFAULT_MODELS: Final = {ANTHROPIC: "claude-sonnet-5-5", OPENAI: "gpt-5.5"}

NO_KEY: Final = (
    "There is no key and no endpoint. Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or OPENAI_BASE_URL for a local endpoint "
    "(http://127.0.0.1:11434/v1), where Pilot is started, then start it again."
)


class Choice(msgspec.Struct, frozen=True):
    """All Pilot was told at its start. ``problem`` says why no model can be asked; ``needs_key`` when a key would help.

    Times in seconds, ``context`` (0: ask the endpoint), ``max_tokens`` and ``thinking`` in tokens.
    """

    provider: str = ANTHROPIC
    base_url: str | None = None
    key: str | None = None
    is_token: bool = False  # a bearer token, no API key
    model: str | None = None
    timeout_s: float = 300.0
    context: int = 0
    max_tokens: int = 16_000
    thinking: int = 0
    problem: str = ""
    needs_key: bool = False

    @property
    def endpoint(self) -> str:
        """Return the name of the endpoint for messages."""
        return self.base_url or {ANTHROPIC: "Anthropic", OPENAI: "OpenAI"}[self.provider]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(prog="quarterdeck-pilot", description="A coding agent that speaks ACP on stdio.")
    line.add_argument("--provider", choices=(ANTHROPIC, OPENAI), help="which API to speak (PILOT_PROVIDER)")
    line.add_argument("--model", help="the model to begin with (PILOT_MODEL)")
    line.add_argument("--base-url", help="another endpoint than the vendor's (ANTHROPIC_BASE_URL, OPENAI_BASE_URL)")
    line.add_argument("--timeout", metavar="S", help="longest silence of the endpoint, default 300 (PILOT_TIMEOUT_S)")
    line.add_argument("--context", metavar="TOKENS", help="size of the model's context (PILOT_CONTEXT)")
    line.add_argument("--max-tokens", metavar="N", help="longest answer, default 16000 (PILOT_MAX_TOKENS)")
    line.add_argument("--thinking", metavar="N", help="tokens for thinking, default 0 (PILOT_THINKING; Anthropic only)")
    return line


def choose(argv: Sequence[str], env: Mapping[str, str]) -> Choice:
    """Return the choice. Wrong arguments end the process with their usage, as argparse does."""
    given = parser().parse_args(argv)
    problems: list[str] = []
    model = given.model or env.get("PILOT_MODEL") or None
    provider = given.provider or env.get("PILOT_PROVIDER") or _provider(env, model, given.base_url)
    if provider not in KEYS:
        problems.append(f"PILOT_PROVIDER is “{provider}”: it is {ANTHROPIC} or {OPENAI}")
        provider = ANTHROPIC
    base_url = given.base_url or env.get(BASE_URLS[provider]) or None
    if base_url is not None and not base_url.startswith(("http://", "https://")):
        problems.append(f"the base URL “{base_url}” begins neither with http:// nor with https://")
    name = next((name for name in KEYS[provider] if env.get(name)), None)
    needs_key = name is None and base_url is None
    timeout_s = _number(given.timeout, env, "PILOT_TIMEOUT_S", 300.0, problems)
    context = _number(given.context, env, "PILOT_CONTEXT", 0, problems)
    max_tokens = _number(given.max_tokens, env, "PILOT_MAX_TOKENS", 16_000, problems)
    thinking = _number(given.thinking, env, "PILOT_THINKING", 0, problems)
    return Choice(
        provider=provider,
        base_url=base_url,
        key=env[name] if name else None,
        is_token=name == "ANTHROPIC_AUTH_TOKEN",
        model=model,
        timeout_s=timeout_s,
        context=int(context),
        max_tokens=int(max_tokens),
        thinking=int(thinking),
        problem="; ".join(problems) or (NO_KEY if needs_key else ""),
        needs_key=needs_key and not problems,
    )


def _provider(env: Mapping[str, str], model: str | None, base_url: str | None) -> str:
    """Return the provider that fits what there is: the model's name, then a key, then an endpoint."""
    has = {name: any(env.get(key) for key in keys) for name, keys in KEYS.items()}
    at = {name: bool(env.get(variable)) for name, variable in BASE_URLS.items()}
    if model is not None and model.startswith("claude") and (has[ANTHROPIC] or at[ANTHROPIC]):
        return ANTHROPIC
    if model is not None and not model.startswith("claude") and (has[OPENAI] or at[OPENAI]):
        return OPENAI
    if base_url is not None and not has[ANTHROPIC]:
        return OPENAI  # what nearly every local endpoint speaks
    order = [name for facts in (has, at) for name in (ANTHROPIC, OPENAI) if facts[name]]
    return order[0] if order else ANTHROPIC


def _number(told: str | None, env: Mapping[str, str], variable: str, default: float, problems: list[str]) -> float:
    text = told or env.get(variable)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf or (number == 0 and default > 0):
        problems.append(f"{variable} is “{text}”: it is a number above 0")
        return default
    return number
