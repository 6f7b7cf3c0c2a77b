"""What is known of a backbone, in a few words under its name."""

from PySide6.QtCore import QCoreApplication

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.models.catalog import BackboneInfo
from workbench.training.config import BackboneConfig
from workbench.ui.model.backbone_words import exports_word, giga, millions, top1


def of(config: BackboneConfig) -> BackboneInfo | None:
    """Return the catalogue's row of the config's backbone, as its chosen weights have it; None where there is none.

    Of weights that the catalogue does not know the row of the default ones is returned.
    """
    try:
        info = catalog.find(config.name)
    except WorkbenchError:
        return None
    try:
        return catalog.with_tag(info, config.tag)
    except WorkbenchError:
        return info


def told(info: BackboneInfo | None) -> str:
    """Return the facts in a line: library, family, year, size, cost, accuracy, licence, export."""
    if info is None:
        return _tr("Not in the catalogue: choose another.")
    parts = [info.library, info.family]
    if info.year:
        parts.append(str(info.year))
    if info.parameters is not None:
        parts.append(_tr("{0} parameters").format(millions(info.parameters)))
    if info.gmacs is not None:
        parts.append(_tr("{0} GMACs").format(giga(info.gmacs)))
    parts.append(_tr("{0} px").format(info.input_size))
    if info.top1 is not None:
        parts.append(_tr("top-1 {0}").format(top1(info.top1)))
    if info.weights:
        parts.append(_tr("licence {0}").format(info.licence) if info.licence else _tr("licence not recorded"))
    parts.append(
        {"yes": _tr("exports"), "no": _tr("does not export")}.get(exports_word(info)[0], _tr("export not tried"))
    )
    return " · ".join(parts)


def note(info: BackboneInfo | None, reason: str) -> tuple[str, str]:
    """Return what there is to say of a backbone beside its facts, and the role it is shown in: error or secondary.

    ``reason`` says why it is recommended for the images at hand, "" where it is not.
    """
    if info is None:
        return "", "secondary"
    if info.unsupported:
        return _tr("Not supported: {0}. Choose another.").format(info.unsupported.rstrip(".")), "error"
    if reason:  # the figures behind the colon are among the facts
        return _tr("Recommended. {0}.").format(reason.partition(":")[0].rstrip(".")), "secondary"
    return info.note, "secondary"


def _tr(text: str) -> str:
    return QCoreApplication.translate("BackboneFacts", text)
