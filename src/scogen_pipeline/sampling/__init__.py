"""A request to a `Piece`: samplers, and the grammar that keeps what was promised."""
