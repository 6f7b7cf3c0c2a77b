"""Label formats, one module each: a file to records and back. Knows no project."""
