"""What the program says beside the conversation: its state, its limits, its commands and what it does by itself. Pure.

A message nobody knows becomes a note with the raw object, told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.adapters import lines
from agents.adapters.claude import messages, plans, session, stream, tools, troubles, turns, usage
from agents.adapters.claude.state import Launch, State
from agents.adapters.contract import CommandsChanged, Fact, Noted, TextAppended
from agents.model import Mark
from agents.status.untrusted import clean, one_line

#: Messages that say nothing the others do not.
_QUIET: Final = frozenset(
    {"keep_alive", "tool_use_summary", "prompt_suggestion", "active_goal", "autocompact_state", "transcript_mirror"}
)
_QUIET_SYSTEM: Final = frozenset(
    {
        *("hook_started", "hook_response", "hook_progress", "thinking_tokens", "session_state_changed"),
        *("task_started", "task_progress", "task_updated", "task_summary", "task_list_statuses", "task_reconciled"),
        *("permission_check_status", "post_turn_summary", "elicitation_complete", "memory_recall", "plugin_install"),
        *("session_metadata", "session_title_changed", "per_turn_effort_changed", "vcs_state_changed"),
        *("files_persisted", "control_request_progress"),
    }
)

#: How loud a line of its own is meant; all but ``info`` are shown in the transcript.
_LEVELS: Final = {"warning": "warning", "notice": "notice", "suggestion": "notice"}
_URGENT: Final = frozenset({"high", "immediate"})


def on_other(state: State, kind: str, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take a message that is neither conversation, control nor ``system``."""
    match kind:
        case "command_lifecycle":
            return turns.on_lifecycle(state, message, mark)
        case "rate_limit_event":
            return troubles.on_limit(state, message, mark)
        case "tool_progress":
            return troubles.on_subagent_retry(state, message, mark)
        case "conversation_reset":
            text = "The conversation was cleared: the agent remembers nothing of what is above."
            return [Noted(text, level="notice"), *usage.on_cut(state, None), *plans.forget(state)]
        case "auth_status" if tools.text_in(message, "error"):
            return [Noted(one_line(f"its login failed: {message['error']}", 300), level="warning")]
        case _ if kind in _QUIET or kind == "auth_status":
            return []
    about = one_line(kind, 60)
    return messages.note_once(state, f"type:{about}", f"an unknown message “{about}”", message)


def on_system(state: State, message: Mapping[str, Any], launch: Launch, mark: Mark) -> list[Fact]:
    """Take a ``system`` message."""
    mode = message.get("permissionMode")
    facts = session.on_mode(state, mode, launch.spec) if isinstance(mode, str) else []
    match subtype := one_line(str(message.get("subtype")), 60):
        case "init":
            return facts + _on_init(state, message, launch, mark)
        case "api_retry":
            return facts + troubles.on_retry(state, message, mark)
        case "status":
            return facts + _on_status(state, message)
        case "compact_boundary":
            return facts + _on_compacted(state, message)
        case "commands_changed":
            return [*facts, CommandsChanged(session.commands(message))]
        case "background_tasks_changed":
            return facts + stream.on_background(state, message)
        case "task_notification":
            return facts + stream.on_background_ended(state, message, mark)
        case "local_command_output" if tools.text_in(message, "content"):
            return [*facts, TextAppended("message", message["content"], str(message.get("uuid"))[:200])]
    return facts + _said(state, subtype, message)


def _said(state: State, subtype: str, message: Mapping[str, Any]) -> list[Fact]:
    """Take a line the program says on its own."""
    match subtype:
        case "informational":
            level = _LEVELS.get(str(message.get("level")), "info")
            return [Noted(_line(message, "content"), lines.raw(message), level)]
        case "notification":
            level = "notice" if message.get("priority") in _URGENT else "info"
            return [Noted(_line(message, "text"), lines.raw(message), level)]
        case "permission_denied":
            why = tools.text_in(message, "decision_reason", "message")
            text = one_line(f"{message.get('tool_name')} was denied without asking: {why}", 300)
            return [Noted(text, lines.raw(message), "warning")]
        case "model_refusal_fallback" | "model_refusal_no_fallback":
            # Without words it only says what the result says next.
            said = tools.text_in(message, "content")
            return [Noted(clean(said)[:2000], lines.raw(message), "warning")] if said else []
        case "mirror_error" | "worker_shutting_down":
            return messages.note_once(state, subtype, f"the program says “{subtype}”", message, "warning")
    if subtype in _QUIET_SYSTEM:
        return []
    return messages.note_once(state, f"system:{subtype}", f"the program says “{subtype}”", message)


def _line(message: Mapping[str, Any], key: str) -> str:
    return clean(tools.text_in(message, key))[:2000].strip() or f"the program says “{message.get('subtype')}”"


def _on_init(state: State, message: Mapping[str, Any], launch: Launch, mark: Mark) -> list[Fact]:
    """Take the beginning of a turn inside the program."""
    state.has_begun = True
    turns.on_working(state, mark)
    facts = session.on_session(state, messages.session_of(message), launch)
    model = tools.text_in(message, "model")
    return facts + session.on_model(state, model, launch.spec) if model else facts


def _on_status(state: State, message: Mapping[str, Any]) -> list[Fact]:
    match message.get("status"):
        case "requesting":
            stream.does(state, "")
        case "compacting":
            stream.does(state, "compacting the conversation")
    if message.get("compact_result") == "failed":
        why = one_line(str(message.get("compact_error") or "it gave no reason"), 300)
        return [Noted(f"the conversation could not be compacted: {why}", level="warning")]
    return []


def _on_compacted(state: State, message: Mapping[str, Any]) -> list[Fact]:
    told = message.get("compact_metadata")
    told = told if isinstance(told, dict) else {}
    before, after = usage.count(told.get("pre_tokens")), usage.count(told.get("post_tokens"))
    sizes = f" from {before} tokens" if before else ""
    sizes += f" to {after}" if sizes and after else ""
    who = "by itself" if told.get("trigger") == "auto" else "as asked"
    note = Noted(f"The conversation was compacted {who}{sizes}: the agent goes on with a summary.", level="notice")
    return [note, *usage.on_cut(state, after)]
