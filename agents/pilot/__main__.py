"""Pilot's entry: builds the parts and serves one client on stdio until it closes its end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from agents.pilot.agent import Parts, Pilot
from agents.pilot.providers.anthropic_messages import AnthropicMessages
from agents.pilot.providers.choice import ANTHROPIC, Choice, choose
from agents.pilot.providers.contract import Provider
from agents.pilot.providers.openai_chat import OpenAIChat
from agents.pilot.rpc import Peer
from agents.pilot.store import Store, folder


def main(argv: Sequence[str] | None = None) -> int:
    """Serve on stdin and stdout; the process ends with the client."""
    env = dict(os.environ)
    choice = choose(sys.argv[1:] if argv is None else argv, env)
    # Of the libraries only what is wrong: their requests at lower levels are logged with all that is said.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve(choice, env))
    return 0


async def _serve(choice: Choice, env: Mapping[str, str]) -> None:
    peer = Peer(sys.stdin.fileno(), sys.stdout.fileno())
    provider: Provider = AnthropicMessages(choice) if choice.provider == ANTHROPIC else OpenAIChat(choice)
    async with asyncio.TaskGroup() as tasks:
        pilot = Pilot(peer, Parts(choice, provider, Store(folder(env)), env), tasks)
        await peer.serve(pilot.handle, pilot.hear)
        await pilot.close()
    # All that was said is on disk and written out. Taking the SDKs apart, or waiting for the import of one, lasts up to
    # seconds, after which clients take an agent for hung and kill it.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
