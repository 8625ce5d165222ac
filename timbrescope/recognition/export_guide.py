"""The page beside an exported model that says how other programs use it."""

from collections.abc import Mapping, Sequence
from typing import Any

_ONNX = """\
```python
# pip install numpy onnxruntime soundfile soxr
import json
import sys

import numpy as np
import onnxruntime
import soundfile
import soxr

session = onnxruntime.InferenceSession("{file}", providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["timbrescope"])

{reading}
(scores,) = session.run(None, {{"samples": windows}})
scores = scores.reshape(-1, scores.shape[-1])  # {rows}, labels
{printing}
```
"""
_TORCHSCRIPT = """\
```python
# pip install numpy soundfile soxr torch
import json
import sys

import numpy as np
import soundfile
import soxr
import torch

files = {{"timbrescope": ""}}
model = torch.jit.load("{file}", _extra_files=files)
about = json.loads(files["timbrescope"])

{reading}
with torch.inference_mode():
    scores = model(torch.from_numpy(windows)).numpy()
scores = scores.reshape(-1, scores.shape[-1])  # {rows}, labels
{printing}
```
"""
_READING = """\
sound, rate = soundfile.read(sys.argv[1], dtype="float32", always_2d=True)
mono = soxr.resample(sound.mean(axis=1), rate, about["sample_rate"])
mono = np.pad(mono, about["padding_samples"])
mono = np.pad(mono, (0, max(0, about["window_samples"] - len(mono))))
{cutting}"""
_CUTTING = """\
starts = range(0, len(mono) - about["window_samples"] + 1, about["hop_samples"])
windows = np.stack([mono[start : start + about["window_samples"]] for start in starts])"""
_WHOLE = "windows = mono[np.newaxis]  # one recording, of any length"
_PRINTING = """\
for label, score in sorted(zip(about["labels"], scores.mean(axis=0)), key=lambda pair: -pair[1]):
    print(f"{score:.3f} {label}")"""


def guide(title: str, about: Mapping[str, Any], files: Sequence[str]) -> str:
    """Return the page, in Markdown, with a program for each format that needs nothing of this one.

    Args:
        title: of the model, for people.
        about: as ``timbrescope.recognition.export.describe`` gives it.
        files: names of the exported files.
    """
    rate = about["sample_rate"]
    every_frame = about["every_frame"]
    labels, (before, after) = len(about["labels"]), about["padding_samples"]
    samples = f"{about['window_samples']} or more" if every_frame else str(about["window_samples"])
    reading = _READING.format(cutting=_WHOLE if every_frame else _CUTTING)
    rows = "frames" if every_frame else "windows"
    lines = [
        f"# {title}",
        "",
        "From windows of samples to scores; the front end is part of the model, and so is all it has learnt.",
        "",
        "| | |",
        "|---|---|",
        f"| input `samples` | float32, (batch, {samples}): mono, {rate} Hz, full scale 1 |",
        f"| output `scores` | float32, (batch, {'frames, ' if every_frame else ''}{labels}), in 0..1 |",
        f"| window | {about['window_samples'] / rate:.3f} s |",
        f"| distance of {rows} | {about['hop_samples']} samples ({about['hop_samples'] / rate:.3f} s) |",
        f"| before the first sample | {before} zeros, and {after} after the last |",
        f"| labels | {', '.join(about['labels'])} |",
        f"| meaning | {'exactly one applies' if about['exclusive'] else 'each for itself'} |",
        f"| a label applies from | {', '.join(f'{each:.2f}' for each in about['thresholds'])} |",
        f"| licence | {about['licence'] or 'of the recordings that it has learnt from'} |",
        "",
        "The file itself holds this table as JSON under the name `timbrescope`.",
    ]
    for file in files:
        template = _ONNX if file.endswith(".onnx") else _TORCHSCRIPT
        lines += [
            "",
            f"## {file}",
            "",
            template.format(file=file, reading=reading, printing=_PRINTING, rows=rows).rstrip(),
        ]
    return "\n".join(lines) + "\n"
