"""The tables of ``project.sqlite``, as ordered migrations. A released migration never changes; a new one follows it.

``image`` is narrow and holds what the project decided about an image, ``file`` holds what was found on the disk: bulk
labelling then rewrites a few bytes per image. Ids of images are dense and never removed. STRICT, because sqlite3 would
otherwise store a NumPy integer as bytes.
"""

APPLICATION_ID = 0x57424E43
"""In the file's header: tells a project from any other SQLite file."""

IMAGE_BY_CLASS = "CREATE INDEX image_by_class ON image (class_id, split, state, rejected)"
"""The index that answers every query but those on paths, as the newest version has it; `bulk` builds it anew."""

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
        "CREATE INDEX image_by_class ON image (class_id, split, state)",
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
    (
        # The user's decisions about an image: out of the data set, held in its split, member of a frozen test set.
        "ALTER TABLE image ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE image ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE image ADD COLUMN test_set INTEGER",
        "DROP INDEX image_by_class",
        IMAGE_BY_CLASS,
        "CREATE TABLE test_set (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at REAL NOT NULL) STRICT",
        # All classes of an image in a project of several labels; image.class_id is then the first of them by position,
        # or -1 for an image that was looked at and has none of the classes.
        """CREATE TABLE image_class (
            image_id INTEGER NOT NULL,
            class_id INTEGER NOT NULL,
            PRIMARY KEY (image_id, class_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX image_class_by_class ON image_class (class_id, image_id)",
        # The whole decision where it is not one class: a JSON list of class ids.
        "ALTER TABLE label_history ADD COLUMN classes TEXT",
        # What each grader thinks now; the history has what they thought before.
        "CREATE TABLE grader (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
        """CREATE TABLE grade (
            grader_id INTEGER NOT NULL,
            image_id INTEGER NOT NULL,
            class_id INTEGER NOT NULL,
            classes TEXT,
            changed_at REAL NOT NULL,
            PRIMARY KEY (grader_id, image_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX grade_by_image ON grade (image_id)",
        # Every decision that is no label: rejecting, tags, notes, regions, classes, pins. Ids as in label_history.
        """CREATE TABLE decision (
            id INTEGER PRIMARY KEY,
            changed_at REAL NOT NULL,
            what TEXT NOT NULL,
            detail TEXT NOT NULL,
            source TEXT NOT NULL,
            grader TEXT NOT NULL,
            first_id INTEGER NOT NULL,
            last_id INTEGER NOT NULL,
            image_ids BLOB
        ) STRICT""",
        "CREATE INDEX decision_by_image ON decision (first_id, last_id)",
        "CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
        """CREATE TABLE image_tag (
            tag_id INTEGER NOT NULL,
            image_id INTEGER NOT NULL,
            PRIMARY KEY (tag_id, image_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX image_tag_by_image ON image_tag (image_id)",
        "CREATE TABLE note (image_id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
        # Points are a JSON list of [x, y] in pixels of the image after the EXIF turn. Removed ones are kept, as labels are.
        """CREATE TABLE region (
            id INTEGER PRIMARY KEY,
            image_id INTEGER NOT NULL,
            class_id INTEGER,
            shape TEXT NOT NULL,
            points TEXT NOT NULL,
            source TEXT NOT NULL,
            grader TEXT NOT NULL,
            created_at REAL NOT NULL,
            removed_at REAL
        ) STRICT""",
        "CREATE INDEX region_by_image ON region (image_id)",
        # Further columns of imported tables, by name: a patient, a camera, a batch.
        "CREATE TABLE field (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
        """CREATE TABLE image_field (
            field_id INTEGER NOT NULL,
            image_id INTEGER NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (field_id, image_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX image_field_by_image ON image_field (image_id)",
        # The groups that a split keeps together; the setting "grouping" says by what they were made.
        "CREATE TABLE image_group (image_id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL) STRICT",
        "CREATE INDEX image_group_by_group ON image_group (group_id)",
        "CREATE TABLE group_name (group_id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
        """CREATE TABLE finding (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            score REAL NOT NULL,
            message TEXT NOT NULL,
            found_at REAL NOT NULL,
            dismissed INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        "CREATE INDEX finding_by_kind ON finding (kind, dismissed, score)",
        """CREATE TABLE finding_image (
            finding_id INTEGER NOT NULL,
            place INTEGER NOT NULL,
            image_id INTEGER NOT NULL,
            PRIMARY KEY (finding_id, place)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX finding_image_by_image ON finding_image (image_id)",
        # What a model says of an image: one row per image, of the source that the setting "predictions" names.
        """CREATE TABLE prediction (
            image_id INTEGER PRIMARY KEY,
            class_id INTEGER NOT NULL,
            confidence REAL NOT NULL,
            priority REAL NOT NULL,
            refused INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        "CREATE INDEX prediction_by_class ON prediction (class_id)",
    ),
)
"""Statements per version: running the first n tuples gives a database of version n."""
