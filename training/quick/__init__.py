"""Quick training: a new last layer on what a trained encoder makes of one's own recordings."""
