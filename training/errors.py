"""What can go wrong in training and evaluation and be told to the user in one sentence."""

from timbrescope.core.errors import TimbrescopeError


class TrainingError(TimbrescopeError):
    """The data, the configuration or the machine do not allow a training run or an evaluation."""
