"""What `doctor` says of packages that need not be there."""

import pytest

from workbench import doctor
from workbench.jobs import Stop


def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, doctor.Checked]:
    monkeypatch.setattr(doctor, "LOOKS", {})
    *checks, end = doctor.examine()(Stop())
    assert isinstance(end, doctor.Examined)
    assert end.checks == len(checks)
    return {check.what: check for check in checks}


def test_an_extra_that_is_missing_is_no_failure_but_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EXTRAS", {"no-such-package": "pictures from space; install the extra 'space'"})
    check = said(monkeypatch)["no-such-package"]
    assert check.ok
    assert "install the extra 'space'" in check.message


def test_a_package_that_is_needed_and_missing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    assert not said(monkeypatch)["no-such-package"].ok
