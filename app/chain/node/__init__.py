"""The embedded Bitcoin SV node: its program, its process, who uses it, and its log."""
