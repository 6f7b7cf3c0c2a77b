"""The one exception that is told to the user; every other exception is a bug."""

import errno


class WorkbenchError(Exception):
    """A problem the user can understand and act on.

    The message is one sentence: what happened, to which file, and what to do. Raise it where the cause is known; show
    ``str(error)`` and nothing else. Any other exception that reaches the user is reported as a bug.
    """


def told(error: OSError, *, doing: str = "") -> WorkbenchError:
    """Return the sentence for an error of the system that nobody nearer to its cause has put into words."""
    place = f" ({error.filename})" if error.filename else f" ({doing})" if doing else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WorkbenchError(f"There is no space left on the disk{place}; free some and try again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return WorkbenchError(
            f"A file or folder cannot be read or written{place}: {error.strerror}; change its permissions and try again."
        )
    reason = error.strerror or str(error) or type(error).__name__
    return WorkbenchError(f"A file could not be used{place}: {reason}; check the file and its drive, then try again.")
