"""Sessions that vendors' programs keep on the disk, found so that one can be continued here."""
