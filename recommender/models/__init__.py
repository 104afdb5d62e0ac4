"""A model file run here: its card, safe loading, prediction, training, validation and report."""
