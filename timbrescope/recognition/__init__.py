"""From sound to scores: front end, networks, checkpoints, the streaming pipeline. torch only."""

import os

# torch's OpenMP threads (libgomp's, on Linux) spin for milliseconds while they wait for each other. As soon as another
# program wants a core as well, a spinning thread keeps the one it waits for from running, and an analysis took up to
# ten times as long. This many turns bridge the gaps between layers and no more. To be set before torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
