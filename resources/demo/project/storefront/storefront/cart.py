"""Cart lines, discounts and totals, in cents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int
    cents: int


def subtotal(lines):
    return sum(line.quantity * line.cents for line in lines)


def total(lines, discount_percent=0):
    """Return what the customer pays, in cents."""
    cents = subtotal(lines) * (100 - discount_percent) / 100
    return int(cents)
