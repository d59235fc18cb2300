"""Many pieces are written, the best is kept: the one that is most like real music of its genre, and nobody's copy."""
