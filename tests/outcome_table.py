"""Writes the outcomes of a long run as a table with date and commit, so that the last one is kept in the repository."""

import datetime
import platform
import subprocess
from pathlib import Path

import pytest


class OutcomeTable:
    """Collects one row per test and writes them when the session ends."""

    def __init__(self, path: Path, repository: Path) -> None:
        self.path = path
        self.repository = repository
        self.rows: list[tuple[str, str, float, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            figures = "; ".join(f"{name} {value}" for name, value in report.user_properties)
            if report.when == "call" or (report.when == "setup"):
                self.rows.append((report.nodeid, report.outcome, report.duration, figures))

    def pytest_sessionfinish(self) -> None:
        def git(*words: str) -> str:
            done = subprocess.run(["git", *words], cwd=self.repository, check=False, capture_output=True, text=True)
            return done.stdout.strip()

        changed = " with uncommitted changes" if git("status", "--porcelain", "--untracked-files=no") else ""
        today = datetime.datetime.now(datetime.UTC).date()
        lines = [
            "# The last run of `make test-long`",
            "",
            f"{today}, commit {git('rev-parse', '--short', 'HEAD')}{changed}, "
            f"Python {platform.python_version()}, {platform.machine()}.",
            "",
            "| test | outcome | seconds | figures |",
            "|---|---|---|---|",
            *(f"| `{name}` | {outcome} | {seconds:.1f} | {figures} |" for name, outcome, seconds, figures in self.rows),
        ]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
