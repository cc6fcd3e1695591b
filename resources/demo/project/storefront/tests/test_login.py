import unittest

from storefront.login import SESSION_SECONDS, Sessions


class SessionsTest(unittest.TestCase):
    def setUp(self):
        self.now = 1000.0
        self.sessions = Sessions(lambda: self.now)

    def test_a_fresh_session_is_valid(self):
        token = self.sessions.sign_in("ada")
        self.assertEqual(self.sessions.customer(token), "ada")

    def test_a_session_expires(self):
        token = self.sessions.sign_in("ada")
        self.now += SESSION_SECONDS
        self.assertIsNone(self.sessions.customer(token))

    def test_an_unknown_token_is_nobody(self):
        self.assertIsNone(self.sessions.customer("nope"))


if __name__ == "__main__":
    unittest.main()
