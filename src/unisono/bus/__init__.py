"""Hints from the node that committed to the nodes that deliver."""
