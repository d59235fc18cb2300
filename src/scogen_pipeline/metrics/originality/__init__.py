"""Originality: what a piece shares with the pieces that the model was trained on, note for note."""
