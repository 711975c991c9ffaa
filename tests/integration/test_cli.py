"""What a person types, on a real database: what is shown at a terminal, in a pipe and to a machine, and how it ends."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from monitor.cli.app import main
from monitor.numbers import counted

RULES = """\
version: 1
settings:
  database: sqlite:///{folder}/monitor.db
feeds:
  - {{name: Krant, url: "https://reader:s3cret@krant.example/rss", language: nl, outlet: De Krant}}
channels:
  console: {{}}
  desk: {{url: "json://user:s3cret@127.0.0.1:9/desk"}}
rules:
  - id: secret
    name: Geheim gesprek
    find: |
      geheim* + *gesprek*, overleg   [sentence]
    ignore: geheime dienst*
    send: [console, desk]
    examples:
      match:
        - In het geheim was er een gesprek.
      no_match:
        - Het gesprek was openbaar.
"""
ARTICLES = [
    {"id": "1", "title": "Overleg", "body": "De partijen hadden in het geheim een gesprek. Later volgde overleg."},
    {"id": "2", "title": "Recept", "body": "Het geheime recept kwam in een gesprek met de kok aan het licht."},
    {"id": "3", "title": "Publiek", "body": "Het is een publiek geheim dat de kok stopt."},
    {"id": "4", "title": "=SOM(A1)", "body": "Een geheime afspraak: het overleg is uitgesteld."},
]

Monitor = Callable[..., Result]


def laid_out(folder: Path) -> Path:
    """A folder with a rules file and a few articles, and no database yet."""
    (folder / "articles.warc.gz").touch()
    (folder / "empty.txt").touch()
    (folder / "nothing").mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(RULES.format(folder=folder), "utf-8")
    lines = (json.dumps(one | {"language": "nl", "published": "2026-11-01T10:00:00Z"}) for one in ARTICLES)
    (folder / "articles.jsonl").write_text("\n".join(lines), "utf-8")
    return folder


@contextmanager
def sitting_in(folder: Path) -> Iterator[Monitor]:
    """`monitor …` in that folder, as in a pipe."""

    def run(*words: str, **more: object) -> Result:
        return CliRunner().invoke(main, list(words), catch_exceptions=False, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MONITOR_RULES", raising=False)
        patch.setenv("TZ", "Europe/Brussels")
        yield run


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return laid_out(tmp_path)


@pytest.fixture
def monitor(desk: Path) -> Iterator[Monitor]:
    with sitting_in(desk) as run:
        yield run


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has three hits on record, told to nobody."""
    folder = laid_out(tmp_path_factory.mktemp("stock"))
    with sitting_in(folder) as run:
        assert run("backfill", "files", "articles.jsonl").exit_code == 0
    return folder


@pytest.fixture
def filled(monitor: Monitor, desk: Path, stock: Path) -> Monitor:
    """The same commands, on a database of one's own with those hits."""
    for path in stock.glob("monitor.db*"):
        shutil.copy(path, desk)
    return monitor


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, by the words that one types."""

    def below(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        for name, command in sorted(group.commands.items()):
            yield (*words, name), command
            if isinstance(command, click.Group):
                yield from below(command, (*words, name))

    return below(main, ())


# --- help ---


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words, _ in commands()])
def test_every_command_says_what_it_does_and_shows_an_example(words, monitor):
    """The help is read at the moment of need, by somebody who does not know the words yet."""
    shown = monitor(*words, "--help")

    assert shown.exit_code == 0
    group = isinstance(dict(commands())[words], click.Group)
    assert group or f"  monitor {' '.join(words)}" in shown.stdout or "| monitor" in shown.stdout
    assert "\b" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 120


def test_help_is_instant_because_nothing_heavy_is_imported():
    """What is slow to import waits until a command needs it."""
    heavy = {"trafilatura", "feedparser", "apprise", "sqlalchemy", "numpy", "aiohttp", "alembic", "pydantic", "lxml"}
    code = "import sys\nfrom monitor.cli.app import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += f"print('heavy:', sorted({heavy!r} & sys.modules.keys()))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.splitlines()[-1] == "heavy: []"


# --- mistakes ---


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hist"], "No such command 'hist'"),
        (["match"], "Missing argument"),
        (["match", "nowhere.txt"], "'nowhere.txt' does not exist"),
        (["hits", "list", "--since", "yesterday"], "write 2026-05-01, 2026-05-01T12:00 or 90d"),
        (["hits", "list", "--limit", "0"], "0 is not in the range x>=1"),
        (["hits", "show", "ffffff"], "there is no hit whose id begins with 'ffffff'; `monitor hits list` shows them"),
        (["hits", "mark", "ffffff", "noise"], "there is no hit whose id begins"),
        (["deliveries", "retry"], "say which: an ID, --channel NAME or --all"),
        (["deliveries", "retry", "ffffff"], "there is no delivery whose id begins"),
        (["mute", "story", "ffffff"], "there is no story whose id begins"),
        (["mute", "rule", "secret", "--for", "soon"], "'soon' is no length of time; write 12h, 3d or 2w"),
        (["mute", "off", "rule", "secret"], "rule 'secret' is not muted"),
        (["mute", "rule", "secrt"], "there is no rule 'secrt'; there are: secret"),
        (["mute", "feed", "Krnt"], "there is no feed, outlet or group 'Krnt'; there are: Krant"),
        (["hits", "list", "--rule", "secrt"], "there is no rule 'secrt'; there are: secret"),
        (["hits", "list", "--feed", "Krnt"], "there is no feed, outlet or group 'Krnt'; there are: Krant"),
        (["hits", "export", "new.csv", "--rule", "secrt"], "there is no rule 'secrt'; there are: secret"),
        (["deliveries", "list", "--channel", "dsk"], "there is no channel 'dsk'; there are: desk"),
        (["deliveries", "retry", "--channel", "dsk"], "there is no channel 'dsk'; there are: desk"),
        (["channels", "test", "slakc"], "there is no channel 'slakc'; there are: console, desk"),
        (["feeds", "show", "nobody"], "there is no feed 'nobody'; `monitor feeds list` shows them"),
        (["rules", "explain", "scret", "articles.jsonl"], "there is no rule 'scret'; there are: secret"),
        (["rules", "names", "Kozak"], "'Kozak' is not in Cyrillic"),
        (["rules", "explain", "secret", "abcdef"], "'abcdef' is no file, no address, and no id"),
        (["rules", "explain", "secret", "krant.example/1"], "an address is written https://krant.example/1"),
        (
            ["rules", "report", "--rule", "scret"],
            "there is no rule 'scret'; there are: secret (one with `enabled: false`",
        ),
        (["backfill", "--rule", "scret"], "there is no rule 'scret'; there are: secret"),
        (["backfill", "--feed", "Krnt"], "there is no feed, outlet or group 'Krnt'"),
        (["backfill", "--dry-run", "files", "articles.jsonl"], "monitor backfill files … --dry-run"),
        (["backfill", "--since", "9d", "plan", "stored"], "monitor backfill plan … --since"),
        (["backfill", "plan", "--since", "9d", "files", "."], "monitor backfill plan files …"),
        (["backfill", "files", ".", "--since", "1d", "--until", "9d"], "nothing lies between --since"),
        (["match", "nothing"], "there is nothing to read in nothing"),
        (["backfill", "urls", "empty.txt"], "there is no address in empty.txt: one a line is read"),
        (["backfill", "warc", "nothing"], "there is nothing to read in nothing"),
        (["backfill", "articles.jsonl"], "say what it is: monitor backfill files articles.jsonl"),
        (["backfill", "articles.warc.gz"], "say what it is: monitor backfill warc articles.warc.gz"),
        (
            ["backfill", "krant.example"],
            "say what it is: monitor backfill sitemap krant.example, or feeds krant.example",
        ),
        (["backfill", "filse", "articles.jsonl"], "there is no source 'filse'; there are: stored, pages, files, "),
        (["backfill", "plan", "filse"], "there is no source 'filse'; there are: "),
        (["backfill", "warc", "articles.jsonl"], "is no web archive: monitor backfill files articles.jsonl"),
        (["backfill", "sitemap", "ftp://krant.example"], "is no address of the web; write https://example.org"),
        (["backfill", "feeds", "krant"], "'krant' is no address of the web; write https://example.org"),
        (["backfill", "sitemap", "articles.jsonl"], "'articles.jsonl' is a file"),
        (["feeds", "discover", "een krant"], "'een krant' is no address of the web"),
        (["backfill", "files", "articles.warc.gz"], "is a web archive: monitor backfill warc"),
        (["rules", "diff", "rules.yaml", "--until", "9d", "--since", "1d"], "nothing lies between --since"),
        (["check", "--rules", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_was_typed_wrong_is_said_and_ends_with_two(words, said, filled):
    """One sentence with the way out, on stderr; a script sees the exit code."""
    result = filled(*words)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_every_fault_of_the_file_is_shown_at_its_place(desk, monitor):
    """And by every command, since none can work with half a file."""
    text = (desk / "rules.yaml").read_text("utf-8").replace("send: [console, desk]", "send: [consle]\n    evry: 2h")
    (desk / "rules.yaml").write_text(text, "utf-8")

    for words in (["check"], ["status"], ["match", "articles.jsonl"], ["run", "--once"]):
        result = monitor(*words)

        assert result.exit_code == 2
        assert re.search(r"rules\.yaml:15:12: .*unknown channel 'consle'; did you mean 'console'", result.stderr)
        assert re.search(r"rules\.yaml:16:5: .*evry", result.stderr)


def test_before_the_first_run_there_is_nothing_and_that_is_said(monitor):
    """A newcomer who asks too early is told what to do, not shown a stack."""
    for words in (["status"], ["hits", "list"], ["deliveries", "list"], ["rules", "report"]):
        result = monitor(*words)

        assert result.exit_code == 1
        assert "monitor run" in result.stderr
    assert monitor("check").exit_code == 0
    assert monitor("feeds", "list").stdout.splitlines()[1].startswith("Krant\tnew\t–\t")
    (feed,) = objects(monitor("feeds", "list", "--json"))
    assert (feed["url"], feed["health"], feed["listed"]) == ("https://krant.example/rss", "new", 0)


# --- what commands show ---


def test_a_match_is_judged_without_a_database(desk, monitor):
    """In the order read, one object a line; the offsets point into the document's own text."""
    found = objects(monitor("match", "--json", "articles.jsonl"))

    assert [(one["document"], one["outcome"]) for one in found] == [
        ("1", "hit"), ("2", "hit"), ("3", "no match"), ("4", "hit"),
    ]  # fmt: skip
    for one, article in zip(found, ARTICLES, strict=True):
        for hit in one["hits"]:
            assert [article[e["field"]][e["start"] : e["end"]] for e in hit["evidence"]] == [
                e["text"] for e in hit["evidence"]
            ]
    assert not (desk / "monitor.db").exists()


def test_a_text_can_be_piped_in(monitor):
    """The quickest way to try a rule."""
    result = monitor("match", "-", input="In het geheim was er overleg.")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["hit  -", "  secret", "    In het geheim was er overleg."]


def test_what_is_piped_in_and_is_no_text_is_not_judged_as_one(monitor):
    """As a file of that kind is not."""
    (said,) = objects(monitor("match", "--json", "-", input=b"PK\x03\x04 geheim gesprek"))

    assert (said["outcome"], said["hits"]) == ("no text", [])
    assert "this is no text" in said["reason"]


def test_hits_are_listed_for_a_pipe_a_machine_and_a_spreadsheet(filled):
    """Columns apart by tabs, one object a line, or cells of which none is a formula."""
    plain = [line.split("\t") for line in filled("hits", "list").stdout.splitlines()]
    machine = objects(filled("hits", "list", "--json"))
    sheet = filled("hits", "list", "--csv").stdout

    assert plain[0] == ["id", "found", "rule", "outlet", "title", "mark"]
    assert {row[4] for row in plain[1:]} == {"Overleg", "Recept", "=SOM(A1)"}
    assert {"id", "rule", "title", "url", "feed", "found", "story", "evidence"} <= machine[0].keys()
    assert [one["id"][:12] for one in machine] == [row[0] for row in plain[1:]]
    assert "'=SOM(A1)" in sheet
    assert sheet.splitlines()[0] == "id,rule,title,url,feed,found,story,evidence"


def test_a_hit_is_shown_by_the_beginning_of_its_id_with_its_reason(filled):
    """Whoever got an alert asks: why?"""
    key = next(one["id"] for one in objects(filled("hits", "list", "--json")) if one["title"] == "Overleg")

    shown = filled("hits", "show", key[:8])

    assert shown.exit_code == 0
    assert "“De partijen hadden in het geheim een gesprek.”" in shown.stdout
    assert "geheim ← geheim* (body 26-32)" in shown.stdout
    assert "(told to nobody)" in shown.stdout


def test_marks_become_a_report_that_never_hides_a_useful_hit(filled):
    """The phrase behind the noise is found; a phrase of a useful hit is not offered."""
    for one in objects(filled("hits", "list", "--json")):
        mark = ["noise", "--why", "een kok"] if one["title"] == "Recept" else ["useful"]
        assert filled("hits", "mark", str(one["id"])[:10], *mark).exit_code == 0

    (report,) = objects(filled("rules", "report", "--json"))

    assert (report["hits"], report["useful"], report["noise"]) == (3, 2, 1)
    assert report["why"] == ["een kok"]
    (offered,) = report["ignore"]
    (hidden,) = offered.pop("hides")
    assert offered == {"phrase": "geheime recept", "hides_noise": 1, "hides_unmarked": 0}
    assert (hidden["title"], hidden["mark"]) == ("Recept", "noise")
    said = filled("rules", "report").stdout
    assert "precision 67%" in said
    assert re.search(r"^ +noise +[0-9a-f]{12} +Recept$", said, re.MULTILINE)


def test_an_edit_is_shown_by_what_it_gains_and_loses(desk, filled):
    """Before it goes live."""
    text = (desk / "rules.yaml").read_text("utf-8")
    (desk / "old.yaml").write_text(text.replace("geheim* + *gesprek*, overleg   [sentence]", "publiek geheim"), "utf-8")

    found = objects(filled("rules", "diff", "old.yaml", "--json"))

    assert sorted((one["change"], one["title"]) for one in found) == [
        ("gained", "=SOM(A1)"),
        ("gained", "Overleg"),
        ("gained", "Recept"),
        ("lost", "Publiek"),
    ]
    (desk / "one.txt").write_text("Een geheim gesprek duurde lang. Meer weten wij niet.", "utf-8")
    assert filled("backfill", "files", "one.txt").exit_code == 0
    shown = filled("rules", "diff", "old.yaml").stdout
    assert f"+ secret  {(desk / 'one.txt').as_uri()}  " in shown, "known by its file"
    assert (desk / "one.txt").as_uri() in filled("hits", "list").stdout
    same = filled("rules", "diff", "rules.yaml")
    assert (same.stdout, same.stderr) == ("", "0 gained, 0 lost\n")


def test_lint_tells_what_terms_do_in_stored_articles(filled):
    """A wildcard by the words that it hit; a term that hits nothing by its name."""
    found = objects(filled("rules", "lint", "--json"))

    wildcards = {one["term"]: one["words"] for one in found if one["kind"] == "wildcard"}
    assert wildcards["geheim*"] == {"geheim": 2, "geheime": 2}
    assert [one["term"] for one in found if one["kind"] == "silent"] == ["geheime dienst*"]


def test_of_a_long_list_not_every_silent_term_is_printed(filled, desk):
    """A shipped list has a thousand spellings; what a person wrote must not drown in them."""
    text = (desk / "rules.yaml").read_text("utf-8")
    many = ", ".join(f"stil{number}" for number in range(50))
    (desk / "many.yaml").write_text(f"{text}lists: {{many: '{many}'}}\n".replace("geheime dienst*", "$many"), "utf-8")

    said = filled("rules", "lint", "--rules", "many.yaml").stdout

    assert "list $many: hit nothing: stil0, stil1, " in said
    assert "stil39, and 10 more (--json shows all)\n" in said
    assert len([one for one in objects(filled("rules", "lint", "--rules", "many.yaml", "--json"))
                if one["term"].startswith("stil")]) == 50  # fmt: skip


def test_lint_says_in_short_what_to_look_at(filled, desk):
    """Nine hundred lines below each other have no first one; shipped terms that hit nothing are no work to be done."""
    text = (desk / "rules.yaml").read_text("utf-8").replace("geheime dienst*", "geheime dienst*, $kremlin, par")
    (desk / "long.yaml").write_text(f"{text}lists: {{use: kremlin}}\n", "utf-8")

    first, *rest = filled("rules", "lint", "--rules", "long.yaml").stderr.splitlines()

    assert re.fullmatch(r"4 articles were read; (\d+) of \d+ terms hit nothing", first)
    assert rest[:3] == [
        "  look at 1 doubtful term: par",
        "  look at 2 terms of your own that hit nothing: geheime dienst*, par",
        "  look at the words of the commonest wildcards, are they the ones you mean: geheim*, *gesprek*",
    ]
    assert re.fullmatch(r"  \d{3,} terms of shipped lists \(\$kremlin\) may be silent for long", rest[3])


def test_who_asks_for_stored_articles_is_told_where_they_come_from(monitor):
    """Before the first run nothing can be said of what terms do."""
    for words in (["rules", "lint"], ["rules", "diff", "rules.yaml"], ["rules", "explain", "secret"]):
        assert "nothing is on record yet: `monitor run` and `monitor backfill files …`" in monitor(*words).stderr


def test_examples_that_fail_end_with_one(desk, monitor):
    """For a script that guards the file."""
    assert monitor("rules", "test").exit_code == 0
    text = (desk / "rules.yaml").read_text("utf-8").replace("Het gesprek was openbaar.", "Een geheim gesprek.")
    (desk / "rules.yaml").write_text(text, "utf-8")

    tested, checked = monitor("rules", "test"), monitor("check")

    assert tested.exit_code == 1
    assert "should not match, and does: Een geheim gesprek." in tested.stdout
    assert checked.exit_code == 1
    assert "rules.yaml:20:11: rule secret: this example matches" in checked.stderr


WHY = """\
rules:
  - id: secret
    find: |
      geheim* + overleg [sentence]
      villa + overleg + deur
    unless_near: film*
    never: voetbal*
    examples:
      match:
        - |
          Een geheim.

          Het overleg duurde.
        - Geheim overleg, zo wil de film.
        - Geheim overleg over voetbal.
      no_match: Geheim overleg.
"""


def test_one_is_told_as_one(desk, monitor):
    """`1 examples` makes a reader doubt the number, too."""
    text = (desk / "rules.yaml").read_text("utf-8").split("      no_match:")[0]
    (desk / "rules.yaml").write_text(text, "utf-8")
    one = json.dumps(ARTICLES[0] | {"language": "nl"})
    assert monitor("backfill", "files", "-", input=one).stdout.startswith("1 document: 1 read\n1 match, 1 of them")

    assert monitor("rules", "test").stdout == "1 example, 0 failed\n"
    assert "1 stored article matches, of 1 " in monitor("rules", "explain", "secret", "--since", "9d").stderr
    assert "secret: 1 hit, " in monitor("rules", "report").stdout
    assert monitor("rules", "lint").stderr.startswith("1 article was read; ")
    assert monitor("hits", "export", "hits.csv").stderr == "hits.csv: 1 hit\n"
    assert monitor("feeds", "check").stderr == "1 feed: 1 failed\n"


def test_a_rule_without_an_example_is_named(desk, monitor):
    """`0 failed` is easily said of what was never tried."""
    text = (desk / "rules.yaml").read_text("utf-8")
    (desk / "rules.yaml").write_text(f"{text}  - {{id: bare, find: overleg, send: [desk]}}\n", "utf-8")

    result = monitor("rules", "test")

    assert (result.exit_code, result.stdout) == (0, "2 examples, 0 failed\n")
    assert result.stderr == "without an example: bare\n"


def test_explaining_a_folder_names_what_cannot_be_read(desk, monitor):
    """Each by its own name, and not as a text that does not match."""
    (desk / "texts").mkdir()
    for name, said in (
        ("a.txt", "In het geheim was er een gesprek."),
        ("b.jsonl", "{}\n{"),
        ("c.html", "<p>Kort.</p>"),
    ):
        (desk / "texts" / name).write_text(said, "utf-8")

    result = monitor("rules", "explain", "secret", "texts")

    assert result.stdout.count("secret ") == 1
    assert [line.split(": ")[:2] for line in result.stderr.splitlines()] == [
        ["monitor", "texts/b.jsonl:1"],
        ["monitor", "texts/b.jsonl:2"],
        ["monitor", "texts/c.html"],
    ]


def test_an_example_that_fails_says_why(desk, monitor):
    """The lines that came nearest, or fired; not all forty of them."""
    (desk / "why.yaml").write_text(WHY, "utf-8")

    tested = monitor("rules", "test", "--rules", "why.yaml")
    found = objects(monitor("rules", "test", "--rules", "why.yaml", "--json"))
    checked = monitor("check", "--rules", "why.yaml")

    assert [row for row in tested.stdout.splitlines() if not row.startswith("      ")] == [
        "failed  why.yaml:10:11: secret should match, and does not: Een geheim. Het overleg duurde.",
        "  line 1: geheim* + overleg [sentence]",
        "    → the parts were found 1 sentence apart; the window is sentence",
        "failed  why.yaml:14:11: secret should match, and does not: Geheim overleg, zo wil de film.",
        "  line 1: geheim* + overleg [sentence]",
        "    → `unless_near` stands in the same window",
        "failed  why.yaml:15:11: secret should match, and does not: Geheim overleg over voetbal.",
        "  never: `never` forbids 'voetbal' anywhere in the article",
        "  line 1: geheim* + overleg [sentence]",
        "    → fired",
        "failed  why.yaml:16:17: secret should not match, and does: Geheim overleg.",
        "  line 1: geheim* + overleg [sentence]",
        "    → fired",
        "4 examples, 4 failed",
    ]
    assert "      unless_near: `unless_near` forbids 'film' so near" in tested.stdout.splitlines()
    assert found[0]["explanation"]["lines"][0]["nearest"] == 2
    assert "why.yaml:10:11: rule secret: this example matches nothing: Een geheim. Het overleg duurde." in (
        checked.stderr.splitlines()
    )


def test_explaining_says_why_not_and_ends_with_one(desk, monitor):
    """How near it came, and what was missing."""
    (desk / "near.txt").write_text("Een geheim. Het overleg was gisteren.", "utf-8")

    result = monitor("rules", "explain", "secret", "near.txt")

    assert result.exit_code == 1
    assert result.stdout.startswith("secret does not match: Een geheim. Het overleg was gisteren.\n")
    assert "geheim*: 1 × “geheim”" in result.stdout
    assert "[sentence]   [sentence]" not in result.stdout
    (machine,) = objects(monitor("rules", "explain", "secret", "near.txt", "--json"))
    assert machine["lines"][0]["parts"][0]["found"][0]["sentence"] == "Een geheim."
    many = monitor("rules", "explain", "secret", "articles.jsonl")
    assert many.exit_code == 1, "one of four does not match"
    assert re.findall(r"^secret (matches|does not match): (.+)$", many.stdout, re.MULTILINE) == [
        ("matches", "Overleg"),
        ("matches", "Recept"),
        ("does not match", "Publiek"),
        ("matches", "=SOM(A1)"),
    ]


def test_the_past_on_record_is_asked_for_once(filled, monkeypatch):
    """With lists of thousands of words that takes seconds; how many there are to look at is told all the same."""
    from monitor.store import index

    asked, candidates = [], index.candidates
    monkeypatch.setattr(index, "candidates", lambda c, need: asked.append(need) or candidates(c, need))

    done = filled("backfill", "--since", "2000-01-01")

    assert done.exit_code == 0
    assert "4 documents: " in done.stdout
    assert len(asked) == 1
    assert "4 stored articles" in filled("backfill", "plan").stdout


def test_a_backfill_tells_a_program_what_it_found_and_what_failed(monitor, desk):
    """A line for each hit, the numbers last, each file once; only where nothing could be read it ends with 1."""
    (desk / "broken.jsonl").write_text("{", "utf-8")
    ways = ["articles.jsonl", "./articles.jsonl", str(desk / "broken.jsonl"), "broken.jsonl"]
    for dry in (["--dry-run"], []):
        result = monitor("backfill", "files", *ways, "--json", *dry)
        *found, numbers = map(json.loads, result.stdout.splitlines())
        assert result.exit_code == 0
        assert [one["rule"] for one in found] == ["secret"] * 3
        assert [one["title"] for one in found] == ["Overleg", "Recept", "=SOM(A1)"]
        assert (numbers["documents"], numbers["outcomes"]) == (5, {"read": 4, "failed": 1})
        assert [one["times"] for one in numbers["faults"]] == [1]

    nothing = monitor("backfill", "files", "broken.jsonl")
    assert nothing.exit_code == 1
    assert "failed: broken.jsonl:1: no JSON" in nothing.stdout
    plan = json.loads(monitor("backfill", "plan", "files", *ways, "--json").stdout)
    assert (plan["documents"], plan["failed"]) == (4, 1)
    assert json.loads(monitor("backfill", "plan", "--json").stdout)["documents"] == 4


@pytest.mark.parametrize("source", ["sitemap", "feeds", "urls"])
def test_https_may_be_left_out(source, monitor, desk):
    """As in a browser. The address is shown in whole, and is the same source as when it is written so."""
    shown = []
    for place in ("127.0.0.1:9/a", "https://127.0.0.1:9/a"):
        (desk / "links.txt").write_text(f"\ufeff{place}\n", "utf-8")
        result = monitor("backfill", source, "links.txt" if source == "urls" else place)
        assert result.exit_code == 1
        shown.append(result.stdout)

    assert "no address of the web" not in shown[0]
    assert "https://127.0.0.1:9/a" in shown[0]
    assert shown[0] == shown[1]


def test_a_line_that_is_no_address_fails_alone(monitor, desk):
    """A list comes from a spreadsheet; the way out is said, and how many more there are of the kind."""
    (desk / "links.txt").write_text("# title\nTitel\nmailto:redactie@krant.example\n", "utf-8")

    shown = monitor("backfill", "urls", "links.txt").stdout

    assert "2 documents: 2 failed" in shown
    assert "failed: Titel: this is no address of the web: it begins with https:// or http:// (and 1 more" in shown
    assert "2 that cannot be read" in monitor("backfill", "plan", "urls", "links.txt").stdout


def test_without_a_record_there_is_no_past(monitor, desk):
    """Said at once; no empty database is left behind."""
    result = monitor("backfill")
    assert result.exit_code != 0
    assert "there is no database" in result.stderr
    assert not (desk / "monitor.db").exists()


def test_a_rule_is_explained_on_the_stored_articles(filled):
    """What it would have said last year, without looking for an article to ask about."""
    result = filled("rules", "explain", "secret", "--since", "2000-01-01")
    assert result.exit_code == 0
    titles = re.findall(r"^secret matches: (.+)$", result.stdout, re.MULTILINE)
    assert titles
    assert f"{counted(len(titles), 'stored article matches', 'stored articles match')}, of " in result.stderr
    newest = filled("rules", "explain", "secret", "--limit", "1")
    assert re.findall(r"^secret matches: (.+)$", newest.stdout, re.MULTILINE) == titles[:1]
    nothing = filled("rules", "explain", "secret", "--until", "2000-01-01")
    assert nothing.exit_code == 1
    assert "0 stored articles match" in nothing.stderr


def test_a_mute_holds_is_listed_and_is_taken_back(filled):
    """Three commands about one thing."""
    assert filled("mute", "rule", "secret", "--for", "12h").exit_code == 0
    assert filled("mute", "list").stdout.splitlines()[1].startswith("rule\tsecret\t")
    assert filled("mute", "off", "rule", "secret").stdout == "rule secret: heard again\n"
    assert filled("mute", "list").stdout == ""


def test_what_nothing_was_found_of_is_no_fault_as_long_as_there_is_such_a_thing(filled, desk):
    """A rule that is new has no hits yet; one that is gone from rules.yaml still has those that it had."""
    assert filled("hits", "list", "--rule", "secret", "--since", "2999-01-01").exit_code == 0
    rules = desk / "rules.yaml"
    rules.write_text(rules.read_text().replace("id: secret", "id: other"))
    assert "secret" in filled("hits", "list", "--rule", "secret").stdout
    assert filled("hits", "list", "--rule", "secret", "--since", "2999-01-01").exit_code == 0
    assert filled("hits", "list", "--rule", "other").exit_code == 0


def test_no_password_is_shown_by_any_command(filled):
    """They stand in the file, and stay there."""
    shown = "".join(
        filled(*words).output
        for words in (["check"], ["check", "--json"], ["status", "--json"], ["feeds", "list", "--json"],
                      ["feeds", "export"], ["channels", "test", "desk"], ["feeds", "check"])
    )  # fmt: skip

    assert "krant.example" in shown
    assert "s3cret" not in shown


def test_a_channel_that_refuses_the_test_ends_with_one(monitor):
    """Nothing listens there."""
    result = monitor("channels", "test", "desk")

    assert result.exit_code == 1
    assert result.stdout.startswith("desk: refused  ")


# --- pipes and terminals ---


def _program(*words: str) -> list[str]:
    return [sys.executable, "-m", "monitor", *words]


def test_whoever_has_seen_enough_is_not_shown_a_traceback(desk):
    """`monitor match … | head` closes the pipe while we write."""
    lines = (json.dumps({"id": str(n), "body": "Een geheim gesprek. " * 20, "language": "nl"}) for n in range(3_000))
    (desk / "many.jsonl").write_text("\n".join(lines), "utf-8")
    command = " ".join((*_program("match", "--json", "many.jsonl"), "| head -n 1"))

    said = subprocess.run(command, shell=True, cwd=desk, capture_output=True, text=True, check=False)

    assert said.stdout.startswith('{"document": "0"')
    assert said.stderr == ""


def _at_a_terminal(folder: Path, *words: str) -> str:
    """Return what a command shows at a terminal of 100 columns."""
    leader, follower = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
    environ.pop("NO_COLOR", None)
    shown = b""
    with subprocess.Popen(_program(*words), cwd=folder, stdout=follower, stderr=follower, env=environ) as program:
        os.close(follower)
        while select.select([leader], [], [], 60)[0]:
            try:
                shown += os.read(leader, 65_536)
            except OSError:  # the other end was closed
                break
        program.wait(60)
    os.close(leader)
    return shown.decode()


def test_a_digest_on_the_console_is_kept_apart_from_the_json(monitor, desk):
    """A program reads every line of what it is given."""
    (desk / "rules.yaml").write_text((desk / "rules.yaml").read_text("utf-8").replace("[console, desk]", "[console]"))

    result = monitor("backfill", "files", "articles.jsonl", "--tell", "--json")

    assert objects(result)[-1]["told"] == {"sent": 1}
    assert "Recept" in result.stderr


def test_a_backfill_at_a_terminal_shows_how_far_it_is(desk, filled):
    """How many of how many, what came of them, and which of the two times is the one that is left."""
    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", _at_a_terminal(desk, "backfill"))

    assert re.search(r"4/4 .*3 matches, 0 failed 0:00:\d\d gone, 0:00:00 left", shown), shown
    assert "4 documents: 4 read" in shown

    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", _at_a_terminal(desk, "backfill", "files", "articles.jsonl"))
    assert re.search(r"100% of 1 kB, 4 documents, .* gone, 0:00:00 left", shown), shown


def test_in_a_pipe_a_plain_line_says_how_far_it_is(monitor, monkeypatch):
    """In how much of the files, for nobody has counted the documents; of a limit, in how many."""
    monkeypatch.setattr("monitor.cli.progress.EVERY", 1)
    monkeypatch.setattr(sys.modules["monitor.archives.files"], "AT_ONCE", 2)

    lines = monitor("backfill", "files", "articles.jsonl").stderr.splitlines()
    assert [re.sub(r"\d+/s", "n/s", line).replace(":01", ":00") for line in lines] == [
        "0% of 1 kB, 1 document, n/s, 1 match, 0 failed",
        "0% of 1 kB, 2 documents, n/s, 2 matches, 0 failed",
        "53% of 1 kB, 3 documents, n/s, 2 matches, 0 failed, 0:00:00 left",
        "53% of 1 kB, 4 documents, n/s, 3 matches, 0 failed, 0:00:00 left",
    ]
    assert "\n3/3 documents, " in monitor("backfill", "files", "articles.jsonl", "--limit", "3").stderr


def test_a_terminal_is_shown_a_table_and_marked_evidence(desk, filled):
    """In colours, within its width."""
    key = str(objects(filled("hits", "list", "--json"))[0]["id"])

    table = _at_a_terminal(desk, "hits", "list")
    hit = _at_a_terminal(desk, "hits", "show", key[:8])

    plain = re.sub(r"\x1b\[[\d;]*m", "", table)
    assert "─────" in plain
    assert max(map(len, plain.splitlines())) <= 100
    assert "\x1b[30m\x1b[43m" in hit
