"""What models learn from: spectra on disk, changed at random."""
