"""Label formats, one module each: reading gives a `records.Document`, writing takes records. None of them knows a project."""
