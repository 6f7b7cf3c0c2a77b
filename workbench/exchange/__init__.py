"""Labels in and out of a project: what a file would change, changing it in one transaction, and writing files."""
