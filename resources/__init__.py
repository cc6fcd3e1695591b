"""Data shipped with the program: kinds, icons, fonts, themes, keymap, demo."""
