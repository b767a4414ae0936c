"""Commands and their options, a module for each group; `app.cli.parser` puts them together."""
