"""The map: every image as a point, near the images that look alike; a lasso selects them."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStackedWidget, QWidget

from workbench.project.images import ImageRow, Query
from workbench.ui import figures, theme
from workbench.ui.dataset.curation_jobs import BackboneHint, CurationJobs
from workbench.ui.dataset.map_colours import Places, places_of, read_map
from workbench.ui.dataset.point_cloud import PointCloud
from workbench.ui.layouts import FlowLayout, column, row, rule
from workbench.ui.pictures import Pictures
from workbench.ui.session import Session
from workbench.ui.thumbnails import ThumbnailLoader, Wish
from workbench.ui.widgets import ElidedLabel, EmptyState, button, label, tool_button

Ids = NDArray[np.int64]
SIDE = 96
MOST_NAMED = 12
SPLIT_COLOURS = ("#56b4e9", "#e69f00", "#cc79a7")


class MapTab(QWidget):
    """Makes the map in the background, shows it coloured by class, split or prediction, and hands a lasso on as a query."""

    showImages = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = CurationJobs(session, self)
        self._pictures = Pictures(session)
        self._thumbnails = ThumbnailLoader(self._pictures.thumbnail, self)
        self._ids: Ids = np.zeros(0, np.int64)
        self._read: tuple[Path, int] | None = None
        self._hovered: ImageRow | None = None
        self.cloud = PointCloud()
        self._build()
        self._jobs.changed.connect(self._show_job)
        self._jobs.ended.connect(self.refresh)
        self.cloud.selected.connect(self._chosen)
        self.cloud.hovered.connect(self._hover)
        self.cloud.activated.connect(self._open)
        self._thumbnails.arrived.connect(self._show_hovered)

    def _build(self) -> None:
        self.backbone = BackboneHint(self._session)
        self.make = button(self.tr("Make the map"), self._make, icon="dataset", name="map.make")
        self.make.setToolTip(self.tr("Places images that look alike near each other; made once per set of images"))
        self.colours = QComboBox()
        self.colours.setObjectName("map.colours")
        self.colours.setAccessibleName(self.tr("Colour of the points"))
        for key, text in (
            ("class", self.tr("Class")),
            ("split", self.tr("Split")),
            ("prediction", self.tr("Prediction")),
        ):
            self.colours.addItem(text, key)
        self.colours.currentIndexChanged.connect(self._recolour)
        self._progress = ElidedLabel("", "secondary")
        self._chosen_text = label("", "secondary", name="map.chosen")
        self.show_chosen = button(self.tr("Show them in the grid"), self._show, role="primary", name="map.show")
        fit = tool_button("image", self.tr("Show the whole map (double click)"), self.cloud.reset_view, name="map.fit")
        bar = row(
            label(self.tr("Colour by"), "secondary"),
            self.colours,
            fit,
            self._progress,
            None,
            self._chosen_text,
            self.show_chosen,
            self.backbone,
            self.make,
        )
        bar.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        self._legend = QWidget()
        self._legend_flow = FlowLayout(self._legend)
        self._legend.setContentsMargins(theme.GRID, theme.HALF, theme.GRID, theme.HALF)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        policy.setHeightForWidth(True)
        self._legend.setSizePolicy(policy)
        self._empty = EmptyState(
            "dataset",
            self.tr(
                "The map places images that look alike near each other: copies, odd ones and wrong labels stand out."
            ),
            self.tr("Make the map"),
            name="map.emptyMake",
        )
        self._empty.clicked.connect(self._make)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.cloud)
        layout = column(bar, rule(), self._legend, self._stack, spacing=0)
        layout.setStretch(3, 1)
        self.setLayout(layout)
        self._preview = _Preview(self.cloud)
        self._chosen(np.zeros(0, np.int64))

    @Slot()
    def refresh(self) -> None:
        """Read the map anew where it was made again, and the labels of its images."""
        project = self._session.project
        self._pictures.open_project()
        self.backbone.refresh()
        file = project.cache_folder / "map.npz" if project is not None else None
        if file is None or not file.is_file():
            self._show_no_map()
            return
        stamp = (file, file.stat().st_mtime_ns)
        if stamp != self._read:
            found = read_map(file)
            if found is None:
                self._show_no_map()
                return
            self._read, self._ids = stamp, found[0]
            self.cloud.show_points(found[1], np.zeros(len(found[0]), np.uint32))
        self._stack.setCurrentWidget(self.cloud)
        self._recolour()
        self._show_job()

    def _show_no_map(self) -> None:
        self._session.reader.drop("map")
        self._ids, self._read = np.zeros(0, np.int64), None
        self._stack.setCurrentWidget(self._empty)
        self._legend.hide()
        self._show_job()

    @Slot()
    def _make(self) -> None:
        self._jobs.start(["map"])

    @Slot()
    def _show_job(self) -> None:
        handle = self._jobs.handle
        self.make.setEnabled(handle is None)
        if self._empty.button is not None:
            self._empty.button.setEnabled(handle is None)
        self._progress.setText(self._jobs.progress())
        self.make.setText(self.tr("Make the map again") if len(self._ids) else self.tr("Make the map"))

    @Slot()
    def _recolour(self) -> None:
        project = self._session.project
        if project is None or not len(self._ids):
            return
        kind = str(self.colours.currentData())
        self._session.reader.ask("map", partial(places_of, kind, self._ids), partial(self._show_colours, kind))

    def _show_colours(self, kind: str, found: Places | None) -> None:
        if found is None or len(found.places) != len(self._ids):
            self._show_no_map()
            return
        none = QColor(theme.colour("disabled")).rgba()
        if kind == "split":
            split_names = (self.tr("train"), self.tr("validation"), self.tr("test"))
            names = [(text, QColor(colour).rgba()) for text, colour in zip(split_names, SPLIT_COLOURS, strict=True)]
        else:
            names = [(known.name, QColor(known.colour).rgba()) for known in found.classes]
        places = found.places
        palette = np.array([*(colour for _, colour in names), none], np.uint32)
        places = np.where((places >= 0) & (places < len(names)), places, len(names))
        self.cloud.recolour(palette[places])
        counts = np.bincount(places, minlength=len(names) + 1)
        self._show_legend(
            [(name, colour, int(count)) for (name, colour), count in zip(names, counts, strict=False) if count],
            none,
            int(counts[-1]),
        )

    def _show_legend(self, named: list[tuple[str, int, int]], none: int, without: int) -> None:
        while self._legend_flow.count():
            taken = self._legend_flow.takeAt(0)
            if taken is not None and taken.widget() is not None:
                taken.widget().deleteLater()
        # The largest are named, in the order that the list of classes has.
        largest = sorted(named, key=lambda entry: -entry[2])[:MOST_NAMED]
        shown = [entry for entry in named if entry in largest]
        entries = [(name, colour) for name, colour, _ in shown]
        if len(named) > len(shown):
            entries.append((self.tr("and {0} more").format(len(named) - len(shown)), none))
        if without:
            names = {"class": self.tr("unlabelled"), "split": self.tr("in no split")}
            entries.append((names.get(self.colours.currentData(), self.tr("no prediction")), none))
        for name, colour in entries:
            self._legend_flow.addWidget(_LegendEntry(name, QColor.fromRgba(colour)))
        self._legend.setVisible(bool(entries))

    @Slot(object)
    def _chosen(self, points: Ids) -> None:
        count = len(points)
        self._chosen_text.setText(
            figures.counted(count, self.tr("image"), self.tr("images"))
            if count
            else self.tr("Draw a loop around points to select them")
            if len(self._ids)
            else ""
        )
        self.show_chosen.setVisible(count > 0)

    @Slot()
    def _show(self) -> None:
        ids = self._ids[self.cloud.chosen]
        self.showImages.emit(Query(ids=tuple(ids.tolist()), order="given"))

    @Slot(int)
    def _open(self, point: int) -> None:
        self.showImages.emit(Query(ids=(int(self._ids[point]),), order="given"))

    @Slot(int)
    def _hover(self, point: int) -> None:
        project = self._session.project
        self._hovered = None
        if point >= 0 and project is not None:
            self._hovered = project.images.page([int(self._ids[point])])[0]
            side = round(SIDE * self.devicePixelRatioF())
            self._thumbnails.want([Wish(self._hovered.id, self._hovered.path, self._hovered.modified_ns, side)])
        self._show_hovered()

    @Slot()
    def _show_hovered(self) -> None:
        found = self._hovered
        if found is None:
            self._preview.hide()
            return
        self._preview.show_image(self._thumbnails.pixmap(found.id), found.path.name)


class _LegendEntry(QWidget):
    """A dot in a colour, and what it stands for."""

    def __init__(self, name: str, colour: QColor) -> None:
        super().__init__()
        dot = label("●")
        dot.setStyleSheet(f"color: {colour.name()};")
        text = ElidedLabel(name, "secondary")
        text.setMaximumWidth(160)
        self.setLayout(row(dot, text, spacing=theme.HALF))


class _Preview(QWidget):
    """The picture under the pointer, in the corner of the map, where it hides no point that is looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popup")
        self._picture = label("")
        self._name = ElidedLabel("", "secondary")
        self._name.setMaximumWidth(SIDE + 48)
        self.setLayout(column(self._picture, self._name, spacing=theme.HALF, margins=theme.HALF))
        self.hide()

    def show_image(self, pixmap: QPixmap | None, name: str) -> None:
        """Show a thumbnail (None while it is on its way) in the upper right corner."""
        if pixmap is not None:
            ratio = self.devicePixelRatioF()
            scaled = pixmap.scaled(
                round(SIDE * ratio),
                round(SIDE * ratio),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            scaled.setDevicePixelRatio(ratio)
            self._picture.setPixmap(scaled)
        else:
            self._picture.clear()
        self._name.setText(name)
        self.adjustSize()
        parent = self.parentWidget()
        self.move(parent.width() - self.width() - theme.GRID, theme.GRID)
        self.show()
        self.raise_()
