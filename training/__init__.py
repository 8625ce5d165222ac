"""Data sets, training, evaluation and publishing of models."""
