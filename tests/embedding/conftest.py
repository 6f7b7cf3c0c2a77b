from tests.tiny_clip import tiny_clip as tiny_clip
