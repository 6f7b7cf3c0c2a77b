"""The ways to a model that train no network, each a generator of a run's events. `events` chooses one by the config."""

from workbench.training.config import AsIs, Baseline, FeaturesOnce
from workbench.training.untrained import Interrupted, Outcome, Setting, Way


def events(setting: Setting) -> Way:
    """Yield what happens in a run whose config asks for another way than training; return how it ended.

    Raises WorkbenchError where the way cannot be gone, in one sentence.
    """
    try:
        return (yield from _events(setting))
    except Interrupted:
        return Outcome("stopped", "Stopped before there was a model.")


def _events(setting: Setting) -> Way:
    # Each imports what only it needs: scikit-learn, OpenCV, the names of ImageNet's classes.
    method = setting.config.method
    if isinstance(method, FeaturesOnce):
        from workbench.training import features_once

        return features_once.events(setting, method)
    if isinstance(method, AsIs):
        from workbench.training import as_is

        return as_is.events(setting, method)
    assert isinstance(method, Baseline)
    from workbench.training import baseline

    return baseline.events(setting, method)
