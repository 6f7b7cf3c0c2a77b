"""What is asked of the catalogue. No Qt."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for; the default asks for everything."""

    words: tuple[str, ...] = ()
    family: str = ""
    library: str = ""
    recommended: bool = False
    here: bool = False
    fits: bool = False
    favourites: bool = False

    def with_text(self, text: str) -> "Wanted":
        """Return the same with other words to search for."""
        return replace(self, words=tuple(text.lower().split()))
