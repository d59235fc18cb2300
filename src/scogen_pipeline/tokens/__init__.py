"""A `Piece` to factorised tokens to ids, and back."""
