"""A local web app: people play, watch runs, and take part in experiments, in a browser.

The server makes every page and keeps all state; the pages' one script adds keys and spares a
reload, and all works without it. Nothing comes from the network.
"""
