"""The style sheet of the docks, made from role colours: QtAds brings one of its own that fits no theme of ours."""

from __future__ import annotations

from string import Template

from ui.theme import COLOR_ROLES, Theme

_SHEET = Template("""
ads--CDockContainerWidget { background: $window; }
ads--CDockContainerWidget > QSplitter { padding: 0; }
ads--CDockSplitter::handle { background: $border; }
ads--CDockAreaWidget { background: $panel; border: none; }
ads--CDockAreaTitleBar { background: $window; border-bottom: 1px solid $border; padding: 0; min-height: 30px; }
ads--CDockWidgetTab {
    background: $window; border: none; border-right: 1px solid $border; border-top: 2px solid $window;
    padding: 0 4px 0 6px; min-height: 28px;
}
ads--CDockWidgetTab QLabel { color: $muted; }
ads--CDockWidgetTab[activeTab="true"] { background: $panel; border-top: 2px solid $border_strong; }
ads--CDockWidgetTab[activeTab="true"] QLabel { color: $text; }
ads--CDockWidgetTab[focused="true"] { background: $panel; border-top: 2px solid $focus; }
ads--CDockWidgetTab[focused="true"] QLabel { color: $text; }
ads--CDockWidget { background: $panel; border: none; }
ads--CTitleBarButton { border: none; padding: 2px; }
#tabCloseButton { background: transparent; border: none; padding: 2px; }
#tabCloseButton:hover { background: $hover; }
ads--CAutoHideSideBar { background: $window; border: none; }
ads--CAutoHideTab { background: $window; color: $muted; border: none; padding: 4px 8px; }
ads--CAutoHideTab:hover { background: $hover; color: $text; }
ads--CAutoHideDockContainer { background: $panel; border: 1px solid $border_strong; }
#autoHideTitleLabel { color: $text; padding-left: 4px; }
""")


def dock_sheet(theme: Theme) -> str:
    """Return the sheet in the colours of ``theme``."""
    return _SHEET.substitute({role: theme.color(role).name() for role in COLOR_ROLES})
