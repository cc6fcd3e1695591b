"""Secrets leave derived text; everything else stays."""

from __future__ import annotations

import msgspec
import pytest

from agents.runtime.redact import Redactor

SECRETS = [
    ("anthropic_key", "sk-ant-api03-" + "A1b2-C3d4_" * 5),
    ("openrouter_key", "sk-or-v1-" + "0123456789abcdef" * 4),
    ("openai_key", "sk-proj-" + "Ab12" * 12),
    ("openai_key", "sk-" + "Ab12" * 12),
    ("google_key", "AIza" + "SyD_abc-12" * 3 + "12345"),
    ("google_token", "ya29." + "a0AfH6" * 6),
    ("github_token", "ghp_" + "Ab12" * 9),
    ("github_token", "github_pat_" + "Ab12_" * 9),
    ("gitlab_token", "glpat-" + "Ab12" * 5),
    ("slack_token", "xoxb-123456789012-abcdefABCDEF"),
    ("aws_key", "AKIA" + "ABCD1234" * 2),
    ("npm_token", "npm_" + "Ab12" * 9),
    ("pypi_token", "pypi-AgEIcHlwaS5vcmc" + "Ab12_" * 8),
    ("huggingface_token", "hf_" + "Ab12" * 9),
    ("groq_key", "gsk_" + "Ab12" * 13),
    ("xai_key", "xai-" + "Ab12" * 20),
    ("stripe_key", "sk_live_" + "Ab12" * 6),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4"),
    ("bearer", "Bearer abcdef0123456789ABCDEF=="),
    ("url_login", "https://user:pa55word@host.example/path"),
]


@pytest.mark.parametrize(("name", "secret"), SECRETS)
def test_vendor_secrets_are_replaced_by_their_name(name: str, secret: str) -> None:
    text = Redactor().text(f'env KEY="{secret}" end')
    assert f"[redacted:{name}]" in text
    assert secret not in text
    assert text.startswith('env KEY="')
    assert text.endswith('" end')


def test_private_keys_go_whole_even_when_cut_off() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\nZXktdjEA\n"
    assert Redactor().text("a " + key) == "a [redacted:private_key]"
    assert Redactor().text(key + "-----END OPENSSH PRIVATE KEY----- z") == "[redacted:private_key] z"


@pytest.mark.parametrize(
    "text",
    [
        "task-0123456789abcdef0123456789 is a task",
        "git commit 1234567890abcdef1234567890abcdef12345678",
        "see https://host.example:8080/a@b and user@host.example",
        "the bearer of bad news",
        "sk-learn is a library; risk-averse-people-everywhere-say-so",
        "/usr/lib/python3.11/site-packages",
    ],
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert Redactor().text(text) == text
    assert not Redactor().touches(text)


def test_known_values_are_replaced_exactly_longest_first() -> None:
    redactor = Redactor(["hunter22", "hunter22-and-more", "abc"])
    assert redactor.text("x hunter22-and-more hunter22 abc") == "x [redacted:known] [redacted:known] abc"
    assert redactor.touches("hunter22")


def test_values_are_redacted_at_any_depth() -> None:
    value = {"a": ["hunter22", {"hunter22": ("hunter22", 1, None, True)}]}
    assert Redactor(["hunter22"]).value(value) == {
        "a": ["[redacted:known]", {"[redacted:known]": ["[redacted:known]", 1, None, True]}]
    }


@pytest.mark.parametrize(
    "secret", [secret for _, secret in SECRETS] + ['known "quoted" value', "-----BEGIN PRIVATE KEY-----x"]
)
def test_encoded_text_without_any_hint_holds_no_secret(secret: str) -> None:
    redactor = Redactor(['known "quoted" value'])
    assert redactor.may_touch_json(msgspec.json.encode({"text": [f"a {secret} b"]}))
    assert not redactor.may_touch_json(msgspec.json.encode({"text": ["the bear or the known value"]}))
