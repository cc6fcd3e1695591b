"""Sessions of signed-in customers."""

import secrets
from dataclasses import dataclass

SESSION_SECONDS = 30 * 60


@dataclass
class Session:
    token: str
    customer: str
    expires: float


class Sessions:
    """Sessions by token; the clock is handed in."""

    def __init__(self, clock):
        self._clock = clock
        self._sessions = {}

    def sign_in(self, customer):
        token = secrets.token_urlsafe(16)
        self._sessions[token] = Session(token, customer, self._clock() + SESSION_SECONDS)
        return token

    def customer(self, token):
        """Return who is signed in with ``token``, or None."""
        session = self._sessions.get(token)
        if session is None or session.expires > self._clock():
            return None
        return session.customer
