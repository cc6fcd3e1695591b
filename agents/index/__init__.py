"""The rebuildable search index."""
