"""The pictures in docs/images, made by a real browser from what the program sends.

python -m tests.pictures [FOLDER]        needs chromium; FOLDER is docs/images
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.terminal_theme import MONOKAI

from monitor.model import Channel, Delivery, Envelope, Opening, Secret
from monitor.notify.console import lines
from monitor.render import message
from tests.alerts import delivery, hit
from tests.conftest import ROOT

BRUSSELS = ZoneInfo("Europe/Brussels")
MAIL = Channel(name="mail", url=Secret("mailto://smtp.krant.example?to=desk@krant.example"))
CONSOLE = Channel(name="console")
WIDE, NARROW = (720, 420), (375, 480)
DARK = "--blink-settings=preferredColorScheme=0"
PAGE = "<!doctype html><meta charset=utf-8><style>body{{margin:14px;background:#0c0c0c;{style}}}</style>{body}"

FIRST = delivery(
    hit(
        1,
        title="Vertrouweling van Poetin zocht in het geheim contact met CIA",
        tags=("ontkenning",),
        complete=False,
        story="544202edb3d0c1",
    )
)
ADDED = (
    "Volgens twee diplomaten werd achter gesloten deuren met een gezant van Poetin gesproken over een staakt-het-vuren."
)
FOLLOW_UP = delivery(
    hit(
        2,
        title="Gesprekken over bestand: ‘gezant was in Genève’",
        outlet="Het Dagblad",
        body=ADDED,
        sentence=ADDED,
        words=("achter gesloten deuren", "Poetin"),
        story="544202edb3d0c1",
    ),
    follows=FIRST.key,
)
MET = "Volgens twee bronnen in Ankara heeft Peskov er vertrouwelijk overleg gevoerd over graan."
OTHER = delivery(
    hit(
        3,
        title="Minister bevestigt overleg met Moskou over graan",
        outlet="De Havenbode",
        body=MET,
        sentence=MET,
        words=("Peskov", "vertrouwelijk overleg"),
        rule="net",
        rule_name="Vangnet, elk contact met het Kremlin",
    )
)


def html(*deliveries: Delivery) -> str:
    """A mail as a mail program shows it."""
    return message(deliveries, MAIL, zone=BRUSSELS).html


def console() -> str:
    """An alert and its follow-up on a terminal."""
    told = Opening(envelope=Envelope(), title=FIRST.subject.article.title, outlet=FIRST.subject.article.outlet)  # type: ignore[union-attr]
    terminal = Console(record=True, width=96, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for one, opening in ((FIRST, None), (FOLLOW_UP, told)):
        for line in lines(message([one], CONSOLE, zone=BRUSSELS, opening=opening)):
            terminal.print(line)
    body = terminal.export_html(
        theme=MONOKAI, code_format="<pre style='font:15px/19px monospace'>{code}</pre>", inline_styles=True
    )
    return PAGE.format(style="color:#d9d9d9", body=body)


def photograph(page: str, target: Path, size: tuple[int, int], *how: str) -> None:
    """Let the browser draw a page of this size in pixels."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "page.html")
        source.write_text(page, encoding="utf-8")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *how,
                   f"--window-size={size[0]},{size[1]}", f"--screenshot={target}", source.as_uri()]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main(given: Sequence[str]) -> None:
    folder = Path(given[0]) if given else ROOT / "docs" / "images"
    alert, digest = html(FIRST), html(FIRST, FOLLOW_UP, OTHER)
    photograph(alert, folder / "mail-light-wide.png", WIDE)
    photograph(alert, folder / "mail-light-narrow.png", NARROW)
    photograph(alert, folder / "mail-dark-wide.png", WIDE, DARK)
    photograph(digest, folder / "mail-dark-narrow.png", (375, 780), DARK)
    photograph(html(FOLLOW_UP), folder / "mail-follow-up.png", WIDE)
    photograph(digest, folder / "mail-digest.png", (720, 640))
    photograph(console(), folder / "console.png", (920, 350))


if __name__ == "__main__":
    main(sys.argv[1:])
