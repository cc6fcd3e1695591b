"""Which provider Pilot speaks to, from arguments and environment."""

from __future__ import annotations

import pytest

from agents.pilot.providers.choice import NO_KEY, choose

A, O, T = "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_AUTH_TOKEN"  # noqa: E741
AU, OU = "ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"
URL = "http://127.0.0.1:1/v1"

#: (arguments, environment): (provider, key, base URL)
TABLE = [
    ([], {A: "a"}, ("anthropic", "a", None)),
    ([], {O: "o"}, ("openai", "o", None)),
    ([], {A: "a", O: "o"}, ("anthropic", "a", None)),
    ([], {T: "t", O: "o"}, ("anthropic", "t", None)),
    ([], {A: "a", OU: URL}, ("anthropic", "a", None)),
    ([], {OU: URL}, ("openai", None, URL)),
    ([], {AU: URL}, ("anthropic", None, URL)),
    (["--base-url", URL], {}, ("openai", None, URL)),
    (["--base-url", URL], {A: "a"}, ("anthropic", "a", URL)),
    (["--provider", "openai"], {A: "a", O: "o"}, ("openai", "o", None)),
    ([], {A: "a", O: "o", "PILOT_PROVIDER": "openai"}, ("openai", "o", None)),
    (["--model", "gpt-5"], {A: "a", O: "o"}, ("openai", "o", None)),
    (["--model", "claude-opus-5"], {A: "a", O: "o"}, ("anthropic", "a", None)),
    ([], {O: "o", A: "", "PILOT_MODEL": "claude-opus-5"}, ("openai", "o", None)),
]


@pytest.mark.parametrize(("argv", "env", "expected"), TABLE)
def test_the_provider(argv: list[str], env: dict[str, str], expected: tuple[str, str | None, str | None]) -> None:
    choice = choose(argv, env)
    assert (choice.provider, choice.key, choice.base_url) == expected
    assert (choice.problem, choice.needs_key) == ("", False)
    assert choice.is_token == (choice.key == "t")


def test_without_anything_the_next_step_is_told() -> None:
    choice = choose([], {})
    assert (choice.problem, choice.needs_key) == (NO_KEY, True)


@pytest.mark.parametrize(
    ("argv", "env", "words"),
    [
        ([], {A: "a", "PILOT_PROVIDER": "gemini"}, "PILOT_PROVIDER is “gemini”"),
        ([], {OU: "localhost:1"}, "http://"),
        (["--timeout", "soon"], {A: "a"}, "“soon”"),
        ([], {A: "a", "PILOT_TIMEOUT_S": "0"}, "above 0"),
        ([], {A: "a", "PILOT_MAX_TOKENS": "-5"}, "PILOT_MAX_TOKENS"),
        ([], {A: "a", "PILOT_CONTEXT": "inf"}, "PILOT_CONTEXT"),
    ],
)
def test_what_is_wrong_is_named(argv: list[str], env: dict[str, str], words: str) -> None:
    choice = choose(argv, env)
    assert words in choice.problem
    assert not choice.needs_key


def test_numbers_are_taken() -> None:
    choice = choose(["--max-tokens", "100"], {A: "a", "PILOT_TIMEOUT_S": "2.5", "PILOT_THINKING": "0"})
    assert (choice.max_tokens, choice.timeout_s, choice.thinking) == (100, 2.5, 0)


def test_an_endpoint_has_a_name() -> None:
    assert choose([], {A: "a"}).endpoint == "Anthropic"
    assert choose([], {OU: URL}).endpoint == URL
