"""Everything that measures: contracts, engines, submissions and the window."""
