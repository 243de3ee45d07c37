"""Drivers of the files port."""
