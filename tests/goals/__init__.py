"""Whole goals over whole networks, checked against numbers recomputed without ioa."""
