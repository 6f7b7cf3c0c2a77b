"""The tables of ``project.sqlite``, as ordered migrations. A released migration never changes; a new one follows it.

``image`` is narrow and holds what the project decided about an image, ``file`` holds what was found on the disk: bulk
labelling then rewrites a few bytes per image. Ids of images are dense and never removed. STRICT, because sqlite3 would
otherwise store a NumPy integer as bytes.
"""

APPLICATION_ID = 0x57424E43
"""In the file's header: tells a project from any other SQLite file."""

IMAGE_BY_CLASS = "CREATE INDEX image_by_class ON image (class_id, split, state)"
"""The index that answers every query but those on paths. A migration that changes it leaves the first one as it was."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE root (id INTEGER PRIMARY KEY, absolute TEXT NOT NULL, relative TEXT) STRICT",
        """CREATE TABLE class (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            position INTEGER NOT NULL,
            colour TEXT NOT NULL
        ) STRICT""",
        # Names a class had before: images found later in the folder of that name still belong to it.
        "CREATE TABLE class_alias (name TEXT PRIMARY KEY, class_id INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE image (
            id INTEGER PRIMARY KEY,
            class_id INTEGER,
            label_source TEXT,
            split INTEGER,
            state INTEGER NOT NULL
        ) STRICT""",
        IMAGE_BY_CLASS,
        """CREATE TABLE file (
            image_id INTEGER PRIMARY KEY,
            root_id INTEGER NOT NULL,
            relative TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            channels INTEGER NOT NULL,
            bits INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            content_hash TEXT,
            error TEXT,
            UNIQUE (root_id, relative)
        ) STRICT""",
        # One row per change and class: image_ids holds offsets from first_id (uint32), NULL means all between.
        """CREATE TABLE label_history (
            id INTEGER PRIMARY KEY,
            changed_at REAL NOT NULL,
            class_id INTEGER,
            source TEXT NOT NULL,
            grader TEXT NOT NULL,
            first_id INTEGER NOT NULL,
            last_id INTEGER NOT NULL,
            image_ids BLOB
        ) STRICT""",
        "CREATE INDEX label_history_by_image ON label_history (first_id, last_id)",
        """CREATE TABLE run (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            star INTEGER NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '',
            remembered TEXT
        ) STRICT, WITHOUT ROWID""",
    ),
)
"""Statements per version: running the first n tuples gives a database of version n."""
