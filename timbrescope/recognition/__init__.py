"""From sound to scores: front end, networks, checkpoints, the streaming pipeline. torch only."""
