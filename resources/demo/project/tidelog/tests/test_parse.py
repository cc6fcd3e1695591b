import unittest

from tidelog.parse import Record, parse
from tidelog.summary import slowest


class ParseTest(unittest.TestCase):
    def test_a_line_becomes_a_record(self):
        line = '10.0.0.7 - - "GET /cart HTTP/1.1" 200 31ms'
        self.assertEqual(parse(line), Record("/cart", 200, 31))

    def test_anything_else_is_none(self):
        self.assertIsNone(parse("-- rotated --"))


class SlowestTest(unittest.TestCase):
    def test_the_longest_time_counts(self):
        records = [Record("/a", 200, 5), Record("/b", 200, 9), Record("/a", 200, 12)]
        self.assertEqual(slowest(records), [("/a", 12), ("/b", 9)])


if __name__ == "__main__":
    unittest.main()
