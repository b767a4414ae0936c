"""What the window draws: layout, theme, painting and panels."""
