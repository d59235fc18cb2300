"""Many pieces are written, the best is kept."""
