"""What commands do, without Qt."""
