"""The errors that a user is meant to read."""


class TimbrescopeError(Exception):
    """Something the user can understand and act on: its message says in one sentence what, where and what to do."""


class AudioError(TimbrescopeError):
    """A recording or a sound device cannot be used."""


class TagError(AudioError):
    """A recording's tags cannot be read, written or put back; the recording is as it was."""


class ModelError(TimbrescopeError):
    """A model is missing, damaged or cannot be fetched."""


class LabelError(TimbrescopeError):
    """A label is not in the set that it is said to be from."""


class RelabelError(TimbrescopeError):
    """The labels that a user has given anew cannot be read or written."""


class MendError(TimbrescopeError):
    """What a user has done about the findings of a check cannot be read or written."""
