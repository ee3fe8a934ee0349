"""What a rule says at a column, in both languages.

A file gives tens of thousands of findings from a few hundred wordings: all that the column decides
is filled in once, so that most findings cost no formatting at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from databroker.dataset.words import allowed, condition, length, number, say, usual
from databroker.findings import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from databroker.dataset.model import Column, Field, Rule


class Bilingual(str):
    """A Dutch text that knows its English: for what a step fills in, where that is language."""

    __slots__ = ("english",)
    english: str

    def __new__(cls, dutch: str, english: str) -> Self:
        """Make the text that is filled in, with the one for the English message."""
        text = super().__new__(cls, dutch)
        text.english = english
        return text


def shortened(names: Sequence[str], most: int) -> str:
    """Write names as one line, so many of them at most."""
    named, left = ", ".join(names[:most]), len(names) - most
    return named if left <= 0 else Bilingual(f"{named} en nog {left}", f"{named} and {left} more")


def _limit(limit: float | None, language: Language) -> str:
    return "" if limit is None else number(limit, language)


_ASKED: Mapping[str, Callable[[Field, int | None, Language], str]] = {
    "toegestaan": lambda field, _, language: allowed(field, language),
    "gebruikelijk": lambda field, _, language: usual(field, language),
    "tekens": lambda field, _, language: length(field, language),
    "voorwaarde": condition,
    "min": lambda field, _, language: _limit(field.hard_min, language),
    "max": lambda field, _, language: _limit(field.hard_max, language),
}
"""The placeholders that a column fills in: what its field asks for."""


class Text(NamedTuple):
    """A text of a rule in one language; `words` is None when nothing is left to fill in."""

    text: str
    language: Language
    words: Mapping[str, object] | None

    @classmethod
    def at(cls, text: str, language: Language, name: str | None, column: Column | None) -> Text:
        """Fill in what the column decides; `column` is None when the dataset has no such name."""
        words: dict[str, object] = {} if name is None else {"variabele": name}
        if column is not None:
            words |= {
                placeholder: ask(column.field, column.slot, language)
                for placeholder, ask in _ASKED.items()
                if f"{{{placeholder}}}" in text
            }
            words |= {} if column.slot is None else {"n": column.slot}
        try:
            return cls(text.format_map(words), language, None)
        except KeyError:
            return cls(text, language, words)

    def filled(self, shown: str | None, texts: Mapping[str, object]) -> str:
        """Fill in the rest.

        Raises:
            KeyError: a placeholder was not given.
        """
        if self.words is None:
            return self.text
        value = shown or say("not shown", self.language)
        given = {name: _spoken(text, self.language) for name, text in texts.items()}
        return self.text.format_map({"waarde": value, **given, **self.words})


class Wording(NamedTuple):
    """The texts of a rule at a column: message and fix, in Dutch and then in English.

    `whole` holds them when nothing is left to fill in, as it is for most.
    """

    texts: tuple[Text, ...]
    whole: tuple[str, ...] | None
    shows_value: bool
    trial: bool

    @classmethod
    def of(cls, rule: Rule, name: str | None, column: Column | None) -> Wording:
        """Word a rule for a column, or for the file as a whole (`name` is None).

        The value is not shown where the rule or the field is about a person.
        """
        trial = rule.trial_from is not None
        texts = []
        for language in Language:
            message, fix = rule.told_in(language)
            message = say("on trial", language, message) if trial else message
            texts += [Text.at(text, language, name, column) for text in (message, fix)]
        personal = column is not None and column.field.personal
        more = any(text.words is not None for text in texts)
        whole = None if more else tuple(text.text for text in texts)
        return cls(tuple(texts), whole, rule.shows_value and not personal, trial)

    def filled(self, shown: str | None, texts: Mapping[str, object]) -> tuple[str, ...]:
        """Give the four texts, whole.

        Raises:
            KeyError: a placeholder was not given.
        """
        return self.whole or tuple([text.filled(shown, texts) for text in self.texts])


def _spoken(text: object, language: Language) -> object:
    return text.english if language is not Language.DUTCH and isinstance(text, Bilingual) else text
