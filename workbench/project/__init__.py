"""The project folder: images, classes, labels, splits and runs on SQLite. The only package with SQL."""
