"""Features of images by content and backbone: made once, kept on disk, searched for neighbours."""
