"""A model file of somebody's own becomes a model of this program: float judge, integers and contract.

`reading` takes what a file says into a list of folded layers without running anything of the file, `meaning`
finds out what its pixels stand for, `judge` rebuilds the float model, and `importing` puts all of it into
the registry.
"""
