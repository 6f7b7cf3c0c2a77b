"""From files to pixels: scanning, decoding, thumbnails, data sets and loaders."""
