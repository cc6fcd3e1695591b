import unittest

from storefront.cart import Line, total


class TotalTest(unittest.TestCase):
    def test_lines_are_added_up(self):
        self.assertEqual(total([Line("mug", 2, 950), Line("tea", 1, 420)]), 2320)

    def test_a_discount_is_taken_off(self):
        self.assertEqual(total([Line("mug", 1, 1000)], discount_percent=15), 850)


if __name__ == "__main__":
    unittest.main()
