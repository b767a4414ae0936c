"""The parts of the window. Each has a `key`, what of the state it shows, and a `draw`."""
