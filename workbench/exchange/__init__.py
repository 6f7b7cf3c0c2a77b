"""Labels between a project and files: import with a dry run, export, and images that come packed in one file."""
