"""How good a model is: its scores for a collection, figures with intervals, and a report to read."""
