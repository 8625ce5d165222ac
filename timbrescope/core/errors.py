"""The errors that a user is meant to read."""


class TimbrescopeError(Exception):
    """Something the user can understand and act on: its message says in one sentence what, where and what to do."""


class AudioError(TimbrescopeError):
    """A recording or a sound device cannot be used."""


class ModelError(TimbrescopeError):
    """A model is missing, damaged or cannot be fetched."""
