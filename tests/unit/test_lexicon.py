"""Lists of terms: languages, groups, actors with guards, and lists inside lists."""

from monitor import config
from monitor.rules.lexicon import Actor, Block, Draft, draft, joined, resolve
from monitor.rules.spec import Phrase, Place, Word

NL, FR = frozenset({"nl"}), frozenset({"fr"})


def made(name: str, *blocks: Block | Actor, shipped: bool = False) -> Draft:
    found, faults = draft(name, blocks, shipped=shipped)
    assert () == faults
    return found


def lists(*own: Draft, shipped: tuple[Draft, ...] = ()):
    found, faults = resolve(joined(own), joined(shipped))
    assert () == faults
    return found


def sources(termlist) -> list[str]:
    return [entry.source for entry in termlist.entries]


def phrase(*patterns: str) -> Phrase:
    return Phrase(tuple(Word(pattern) for pattern in patterns))


def test_a_block_says_where_its_terms_count():
    """A language, a group, or neither."""
    (one, two, three) = lists(
        made("talks", Block("overleg, gesprek", languages=NL, group="words"), Block("pourparlers", languages=FR))
    )["talks"].entries

    assert ("overleg", NL, "words") == (one.source, one.languages, one.group)
    assert ("gesprek", NL, "words") == (two.source, two.languages, two.group)
    assert ("pourparlers", FR, "") == (three.source, three.languages, three.group)


def test_a_name_inside_a_list_stands_for_that_list():
    """In any order of the file, and through several lists."""
    found = lists(made("all", Block("$some, c1")), made("some", Block("$few, b1")), made("few", Block("a1")))

    assert ["a1", "b1", "c1"] == sources(found["all"])


def test_a_group_of_a_list_can_be_named():
    """`$kremlin.people` inside a list."""
    found = lists(made("talks", Block("a1", group="x"), Block("b1", group="y")), made("few", Block("$talks.y")))

    assert ["b1"] == sources(found["few"])


def test_a_language_block_narrows_the_list_that_it_names():
    """What is French only stays out of a Dutch block."""
    talks = made("talks", Block("overleg", languages=NL), Block("pourparlers", languages=FR), Block("summit"))

    found = lists(talks, made("few", Block("$talks", languages=NL)))["few"]

    assert [("overleg", NL), ("summit", NL)] == [(entry.source, entry.languages) for entry in found.entries]


def test_lists_that_need_each_other_are_refused():
    """With the way round, at the place of one of the names."""
    one, two = made("a", Block("$b")), made("b", Block("$a"))

    found, (fault,) = resolve(joined([one, two]), {})

    assert {} == found
    assert "$a → $b → $a" in fault.text or "$b → $a → $b" in fault.text


def test_a_list_that_names_itself_is_refused():
    """Unless a shipped list of that name is meant."""
    _, (fault,) = resolve(joined([made("a", Block("$a, x1"))]), {})
    assert "names itself" in fault.text

    shipped = made("mask", Block("geheime dienst"), shipped=True)
    found = lists(made("mask", Block("$mask, publiek geheim")), shipped=(shipped,))
    assert ["geheime dienst", "publiek geheim"] == sources(found["mask"])


def test_an_unknown_list_or_group_is_said_with_what_is_near():
    """At the place of the name."""
    talks = made("talks", Block("a1", group="people"))
    few = made("few", Block("b1, $talsk, $talks.peple", lambda offset: Place("f", 1, offset + 1)))

    _, faults = resolve(joined([talks, few]), {})

    assert [(5, "talks"), (13, "people")] == [(fault.column, fault.text.rsplit("'", 2)[1]) for fault in faults]


def test_a_list_does_not_say_where_in_an_article():
    """That is for the rule."""
    _, (fault,) = draft("a", [Block("title: x1")])

    assert "write 'title:' in the rule" in fault.text


def test_packs_may_share_a_list():
    """Two packs have a mask: used together they are one."""
    one, two = made("mask", Block("a1"), shipped=True), made("mask", Block("b1"), shipped=True)

    assert ["a1", "b1"] == sources(lists(shipped=(one, two))["mask"])


def test_an_actor_has_many_spellings_and_counts_once():
    """Every spelling counts in every language."""
    actor = Actor(id="putin", spellings=("Poetin", "Poutine", "Poetin"))

    entries = lists(made("kremlin", actor))["kremlin"].entries

    assert [("Poetin", "putin", "people"), ("Poutine", "putin", "people")] == [
        (entry.source, entry.actor, entry.group) for entry in entries
    ]
    assert all(not entry.languages and entry.guard is None for entry in entries)


def test_an_ambiguous_surname_carries_its_guard():
    """Given names are among its needs; a full name is certain by itself."""
    actor = Actor(
        id="medvedev",
        spellings=("Medvedev", "Dmitri Medvedev"),
        given=("Dmitri",),
        ambiguous=True,
        needs=("Rus* president",),
        never_with=("tennis*",),
    )

    surname, full_name = lists(made("kremlin", actor))["kremlin"].entries

    assert surname.guard is not None
    assert (phrase("Dmitri"), phrase("Rus*", "president")) == surname.guard.needs
    assert (phrase("tennis*"),) == surname.guard.never_with
    assert full_name.guard is None


def test_the_shipped_packs_are_whole():
    """Every list that the rules of the design name is there, with people and bodies apart."""
    found = lists(shipped=tuple(one for name in config.packs() for one in config.pack(name)))

    assert {"kremlin", "russia", "strong", "feelers", "covert", "covert_weak", "contact", "denial", "mask"} <= set(
        found
    )
    kremlin = found["kremlin"]
    assert {"people", "fsb", "kremlin"} <= {entry.group for entry in kremlin.entries}
    assert len({entry.actor for entry in kremlin.entries if entry.group == "people"}) >= 80
    assert not any(entry.languages for entry in kremlin.entries if entry.group == "people")
    assert {"nl", "fr", "de", "en"} == {code for entry in found["strong"].entries for code in entry.languages}


def test_ambiguous_names_of_the_shipped_pack_are_guarded():
    """Medvedev plays tennis; a company of the state sponsors football. Moscow needs no company: hardly any news has the city."""
    found = lists(shipped=config.pack("kremlin"))["kremlin"]

    guarded = {entry.actor for entry in found.entries if entry.guard}
    assert {"medvedev", "kozak", "state_companies"} <= guarded
    assert not {"putin", "moscow"} & guarded
