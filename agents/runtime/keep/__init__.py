"""Parts of the keeper; standard library only, since they are bundled with it into one file."""
