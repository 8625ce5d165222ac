"""Scripts that make recordings and training corpora from freely licensed sources."""
