"""What is wrong with labelled recordings before they are learnt from, and what mends it."""
