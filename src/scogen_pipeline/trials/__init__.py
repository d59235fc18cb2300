"""Many short trainings on the same data: a search for good settings, and ablations."""
