"""The kinds of language models: each module is one, and its name stands before the colon.

A module's class `Provider` makes the models of its kind (`smartplay.models.base.Provider`). Other
packages add a kind through an entry point in the group `smartplay.models`: its name is the kind,
its value the class.
"""
