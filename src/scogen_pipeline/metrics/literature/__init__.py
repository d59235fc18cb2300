"""The data sets, protocols and figures of the literature: read, calibrated, and laid out for a recurrent network.

`sets` reads the published files, `calibration` shows that this evaluator counts as others do, `grid_floors`, `leaks` and
`context_model` are the trivial models, `rolls` and `chorales` spell a frame as one string of tokens, `results` is the table.
"""
