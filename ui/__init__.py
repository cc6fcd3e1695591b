"""The Qt shell: views over app.fleet; PySide6 lives here and in app.desktop only."""
