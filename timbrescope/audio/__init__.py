"""Sound in and out: files, resampling, playback."""
