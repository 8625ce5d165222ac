"""timbrescope: see which instruments, tags and phonemes are in a recording, frame by frame.

The map of the package; imports point downwards only:

    app, cli      composition roots: the window, the command line
    ui            PySide6 and pyqtgraph: main window, session, views
    audio         files, live input, playback, takes   (no torch, no Qt)
    outputs       OSC and MIDI, for other programs     (no torch, no Qt, no sound libraries)
    recognition   front end, networks, the pipeline    (torch, no Qt, no sound libraries)
    settings      every option, declared once
    core          blocks, tracks, timeline, labels, export   (numpy only)
    paths         where resources and user files lie
"""

__version__ = "0.1.0"
