"""The commands, one module each; their names are the modules' names."""
