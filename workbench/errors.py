"""The one exception that is told to the user; every other exception is a bug."""


class WorkbenchError(Exception):
    """A problem the user can understand and act on.

    The message is one sentence: what happened, to which file, and what to do. Raise it where the cause is known; show
    ``str(error)`` and nothing else. Any other exception that reaches the user is reported as a bug.
    """
