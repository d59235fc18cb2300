"""Kedro pipelines, one process a package; they meet only through dataset names."""
