"""Ratios of Unisono to its peers and to the limit of the machine, never absolutes.

`python -m bench` measures, prints a table and writes `bench/out/latest.json`. See bench/README.md.
"""
