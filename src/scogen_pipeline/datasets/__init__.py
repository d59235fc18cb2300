"""Catalog datasets, one class a file."""
