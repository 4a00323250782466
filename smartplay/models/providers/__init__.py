"""The kinds of language models: each module here is one, named as what stands before the colon.

A module's class `Provider` makes the models of its kind (`smartplay.models.base.Provider`). A
package of somebody else adds a kind by an entry point in the group `smartplay.models`, whose name
is the kind and whose value is the class.
"""
