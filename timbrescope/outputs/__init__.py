"""What is recognised, for other programs: the window and the command line send it by the same code."""
