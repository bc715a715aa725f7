"""Reads the words of one statement from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goldlane.pipelines.sqlfiles.errors import SqlSourceError
from goldlane.pipelines.sqlfiles.words import Kind, Word

_OPENING, _CLOSING = {"(", "[", "{"}, {")", "]", "}"}
Phrase = tuple[str, ...]


class Cursor:
    """A position in ``words``, which are words of ``text``; ``line`` is where an error stands when there are none left."""

    def __init__(self, text: str, words: Sequence[Word], line: int) -> None:
        self.text, self._words, self._line, self._position = text, words, line, 0

    @property
    def ended(self) -> bool:
        """Whether every word has been read."""
        return self._position >= len(self._words)

    @property
    def at_string(self) -> bool:
        """Whether a text in quotes comes next."""
        return not self.ended and self._next().kind is Kind.STRING

    @property
    def line(self) -> int:
        """The file's line of the next word, else of the last."""
        if not self._words:
            return self._line
        return self._words[min(self._position, len(self._words) - 1)].line

    def at(self, *keywords: str) -> bool:
        """Whether these keywords come next."""
        following = self._words[self._position : self._position + len(keywords)]
        return len(following) == len(keywords) and all(word.says(keyword) for word, keyword in zip(following, keywords, strict=True))

    def accept(self, *keywords: str) -> bool:
        """Read these keywords if they come next."""
        if not self.at(*keywords):
            return False
        self._position += len(keywords)
        return True

    def accept_any(self, keywords: Sequence[str]) -> str | None:
        """Read the next word if it is one of ``keywords``, and say which."""
        return next((keyword for keyword in keywords if self.accept(keyword)), None)

    def expect(self, *keywords: str) -> None:
        """Read these keywords.

        Raises:
            SqlSourceError: something else comes next.
        """
        if not self.accept(*keywords):
            raise self.error(f"expected {' '.join(keywords)}, found {self.found()}")

    def name(self, what: str) -> str:
        """A name of one or several parts as it was written."""
        first = self._part(what)
        last = first
        while self.accept("."):
            last = self._part(what)
        return self.text[first.start : last.end]

    def identifier(self, what: str) -> str:
        """A name of one part without its backticks."""
        return self._part(what).text

    def string(self, what: str) -> str:
        """A text; neighbouring literals are one, as in Spark."""
        if not self.at_string:
            raise self.error(f"expected {what} in quotes, found {self.found()}")
        parts = []
        while self.at_string:
            parts.append(self._take().text)
        return "".join(parts)

    def group(self, what: str) -> Cursor:
        """What stands between parentheses."""
        line = self.line
        if not self.accept("("):
            raise self.error(f"expected ( before {what}, found {self.found()}")
        start, depth = self._position, 1
        while not self.ended:
            word = self._take()
            depth += _depth(word)
            if depth == 0:
                return Cursor(self.text, self._words[start : self._position - 1], line)
        raise SqlSourceError(f"the ( before {what} is never closed", line=line)

    def items(self) -> Iterator[Cursor]:
        """What stands between commas, those in parentheses and in types such as ``MAP<INT, STRING>`` aside."""
        start, depth, angles = self._position, 0, 0
        while not self.ended:
            word = self._take()
            depth += _depth(word)
            # Inside parentheses they compare.
            angles += (word.says("<") - word.says(">")) if depth == 0 else 0
            if depth == 0 and angles == 0 and word.says(","):
                yield Cursor(self.text, self._words[start : self._position - 1], word.line)
                start = self._position
        yield Cursor(self.text, self._words[start:], self.line)

    def until(self, *stops: Phrase) -> Cursor:
        """What comes before the first of ``stops`` outside of parentheses, or before the end."""
        start, depth = self._position, 0
        while not self.ended and not (depth == 0 and any(self.at(*stop) for stop in stops)):
            depth += _depth(self._take())
        return Cursor(self.text, self._words[start : self._position], self.line)

    def source(self) -> str:
        """The text of all words that are left, as it was written; reads them."""
        rest = self._words[self._position :]
        self._position = len(self._words)
        return self.text[rest[0].start : rest[-1].end] if rest else ""

    def end(self) -> None:
        """Nothing may be left.

        Raises:
            SqlSourceError: something is.
        """
        if not self.ended:
            raise self.error(f"did not expect {self.found()}", hint="a statement ends with ;")

    def error(self, message: str, *, hint: str | None = None) -> SqlSourceError:
        """An error at the next word."""
        return SqlSourceError(message, hint=hint, line=self.line)

    def found(self) -> str:
        """The next word, for messages."""
        return "the end of the statement" if self.ended else repr(self.text[self._next().start : self._next().end])

    def _part(self, what: str) -> Word:
        if self.ended or self._next().kind is Kind.STRING or not _is_name(self._next()):
            raise self.error(f"expected {what}, found {self.found()}")
        return self._take()

    def _next(self) -> Word:
        return self._words[self._position]

    def _take(self) -> Word:
        self._position += 1
        return self._words[self._position - 1]


def _is_name(word: Word) -> bool:
    return word.kind is Kind.QUOTED or word.text[0].isalnum() or word.text[0] == "_"


def _depth(word: Word) -> int:
    return (word.text in _OPENING) - (word.text in _CLOSING) if word.kind is Kind.PLAIN else 0
