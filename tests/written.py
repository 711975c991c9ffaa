"""Rules written as in a rules file, without its niceties: for tests of the engine that need no parser."""

from monitor.rules.spec import Choice, Element, Gap, Line, Part, Phrase, Rule, Term, Window, Word


def phrase(text: str) -> Phrase:
    """`tast* ... af`, `=FSB`, `(stille|geheime) diplomatie`: as in a rules file, without its niceties."""
    elements: list[Element] = []
    for word in text.replace("|", " | ").replace("(", " ( ").replace(")", " ) ").split():
        if word in ("..", "..."):
            elements.append(Gap(2 if word == ".." else 6))
        else:
            elements.append(Word(word.removeprefix("="), exact=word.startswith("=")))
    return Phrase(tuple(_choices(elements)))


def _choices(elements: list[Element]) -> list[Element]:
    done: list[Element] = []
    stack: list[list[Element]] | None = None
    for element in elements:
        sign = element.pattern if isinstance(element, Word) else ""
        if sign == "(":
            stack = [[]]
        elif sign == "|" and stack is not None:
            stack.append([])
        elif sign == ")" and stack is not None:
            done.append(Choice(tuple(Phrase(tuple(words)) for words in stack)))
            stack = None
        else:
            (done if stack is None else stack[-1]).append(element)
    return done


def term(text: str) -> Term:
    field, _, rest = text.rpartition(": ")
    if rest.startswith("$"):
        name, _, group = rest[1:].partition(".")
        return Term(text, ref=(name, group), field=field or None)
    return Term(text, phrase(rest), field=field or None)


def terms(text: str) -> tuple[Term, ...]:
    return tuple(term(piece) for piece in text.split(", "))


def line(text: str, window: Window | None = None, number: int = 1) -> Line:
    signs = [sign for sign in text.split() if sign in "+>"]
    parts = tuple(Part(terms(part)) for part in text.replace(" > ", " + ").split(" + "))
    return Line(parts, tuple(sign == ">" for sign in signs), window, number, text)


def rule(*lines: str | Line, **keys: object) -> Rule:
    made = tuple(line(one, number=at) if isinstance(one, str) else one for at, one in enumerate(lines, 1))
    return Rule(id="r", name="r", lines=made, **keys)
