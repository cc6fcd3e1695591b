"""What was slow."""


def slowest(records, count=5):
    """Return the ``count`` slowest paths with their longest time, slowest first."""
    longest = {}
    for record in records:
        longest[record.path] = max(record.millis, longest.get(record.path, 0))
    return sorted(longest.items(), key=lambda item: (-item[1], item[0]))[:count]
