"""Loads a vendor's SDK when it is needed: importing one takes up to seconds, so never on the loop."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from agents.model import Cause
from agents.pilot.providers.contract import ProviderFault


async def load(name: str) -> Any:
    """Return the module. Raises ProviderFault when it is not installed or broken."""
    try:
        return await asyncio.to_thread(importlib.import_module, name)
    except ImportError as error:
        text = f"The package “{name}” cannot be loaded ({error}): install Quarterdeck again."
        raise ProviderFault(Cause.CRASH, text) from error
