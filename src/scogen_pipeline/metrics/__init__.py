"""How good a model and its music are, beside real music."""
