"""The window: draw a digit and watch three judges read it. `app.window.app.run` opens it."""
