"""Opening the outputs that the user asked for."""

from timbrescope.core.errors import TimbrescopeError
from timbrescope.outputs.output import Output, Outputs


def open_outputs(*, osc: str | None = None, midi: str | None = None, midi_channel: int = 1) -> Outputs:
    """Return the outputs, all or none of them.

    Args:
        osc: address as ``osc.address`` takes it; None for none.
        midi: port as ``midi.open_port`` takes it; None for none.
        midi_channel: of the first model, 1 to 16.

    Raises:
        TimbrescopeError: one cannot be opened.
    """
    opened: list[Output] = []
    try:
        if osc is not None:
            from timbrescope.outputs.osc import OscOutput  # each only where it is wanted

            opened.append(OscOutput(osc))
        if midi is not None:
            from timbrescope.outputs.midi import MidiOutput, open_port

            opened.append(MidiOutput(open_port(midi), midi_channel))
    except TimbrescopeError:
        for output in opened:
            output.close()
        raise
    return Outputs(opened)
