"""What every part agrees on: blocks, tracks, the timeline, labels, export. numpy only."""
