"""What the made-up outlets write: one piece of news and the words of a site, in four languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A newsroom's words in one language."""

    paper: str
    host: str
    slug: str
    title: str
    lead: str
    paragraphs: tuple[str, ...]
    teasers: tuple[str, ...]
    sections: tuple[str, ...]
    also: str
    subscribe: str
    pay: str
    cookies: str
    accept: tuple[str, ...]
    about: str
    published: str  # as a person writes it
    byline: str


NL = Words(
    paper="De Zuiderkrant",
    host="www.zuiderkrant.example",
    slug="havenbedrijf-stelt-uitbreiding-van-kade-vijf-jaar-uit",
    title="Havenbedrijf stelt uitbreiding van kade vijf jaar uit",
    lead="De nieuwe kade voor containerschepen komt er ten vroegste over vijf jaar, omdat de bodem zwaarder vervuild is"
    " dan uit eerdere metingen bleek. Dat heeft de raad van bestuur woensdag beslist.",
    paragraphs=(
        "Volgens ingenieurs moet een laag slib van bijna vier meter worden afgevoerd voordat de eerste damwand de grond in"
        " kan. De kosten daarvan lopen op tot negentig miljoen euro, het dubbele van wat er twee jaar geleden werd geraamd.",
        "Directeur Hilde Vermaas noemt de beslissing pijnlijk maar onvermijdelijk. “We kunnen geen kade bouwen op grond"
        " waarvan we niet weten wat erin zit”, zegt ze in haar kantoor met uitzicht op de dokken.",
        "De rederijen reageren verdeeld. Twee ervan hadden hun vaarschema al aangepast en vrezen dat schepen moeten"
        " uitwijken naar havens verder naar het noorden, waar de wachttijden nu al oplopen tot drie dagen.",
        "Milieuverenigingen zijn opgelucht. Zij vroegen al in het voorjaar om een nieuw onderzoek, nadat vissers dode paling"
        " hadden gevonden in het kanaal naast de oude olieraffinaderij.",
        "De gemeenteraad bespreekt het uitstel volgende maand. De oppositie wil weten waarom het rapport van de ingenieurs"
        " zeven maanden in een la bleef liggen voordat iemand er iets over zei.",
    ),
    teasers=(
        "Trein rijdt opnieuw over de oude spoorbrug, maar trager dan vroeger en alleen op werkdagen",
        "Bakkers klagen over meelprijs na mislukte oogst in het oosten van het land",
        "Burgemeester wil avondmarkt op het plein behouden ondanks bezwaren van buren",
        "Zwembad sluit twee weken voor herstelling van het dak boven het kinderbad",
    ),
    sections=("Binnenland", "Buitenland", "Economie", "Cultuur", "Sport", "Opinie", "Weer", "Regio"),
    also="Lees ook",
    subscribe="Schrijf je in voor onze nieuwsbrief en ontvang elke ochtend het belangrijkste nieuws.",
    pay="Verder lezen? Dit artikel is exclusief voor abonnees. Neem een abonnement of log in.",
    cookies="Wij en onze 143 partners gebruiken cookies en vergelijkbare technieken om informatie op je apparaat te bewaren"
    " en te lezen. Daarmee tonen we gepersonaliseerde advertenties, meten we het bereik en verbeteren we onze diensten. Je"
    " kunt toestemming geven, weigeren of je voorkeuren per doel aanpassen in de privacy-instellingen.",
    accept=("Akkoord", "Weigeren", "Instellingen aanpassen"),
    about="De Zuiderkrant brengt nieuws uit de stad en de streek, elke dag, met een redactie van zestig journalisten. Heb je"
    " een tip, een vraag of een klacht over de bezorging van je krant, bel dan met onze klantendienst op werkdagen.",
    published="Gepubliceerd op 12 november 2025 om 14:30",
    byline="Door Pieter Hamel",
)
FR = Words(
    paper="Le Courrier du Fleuve",
    host="www.courrierdufleuve.example",
    slug="le-port-reporte-de-cinq-ans-l-extension-du-quai",
    title="Le port reporte de cinq ans l'extension du quai",
    lead="Le nouveau quai pour porte-conteneurs ne verra pas le jour avant cinq ans, le sol étant plus pollué que ne le"
    " laissaient croire les premières mesures. Le conseil d'administration l'a décidé mercredi.",
    paragraphs=(
        "Selon les ingénieurs, une couche de vase de près de quatre mètres doit être évacuée avant que la première"
        " palplanche puisse être enfoncée. La facture atteindrait nonante millions d'euros, le double de l'estimation.",
        "La directrice, Hélène Vermaas, parle d'une décision douloureuse mais inévitable. « Nous ne pouvons pas bâtir un quai"
        " sur un sol dont nous ignorons la composition », dit-elle dans son bureau qui donne sur les bassins.",
        "Les armateurs réagissent en ordre dispersé. Deux d'entre eux avaient déjà adapté leurs horaires et redoutent que"
        " leurs navires doivent se dérouter vers des ports plus au nord, où l'attente atteint trois jours.",
        "Les associations de défense de l'environnement sont soulagées. Elles réclamaient dès le printemps une nouvelle"
        " étude, après la découverte d'anguilles mortes dans le canal voisin de l'ancienne raffinerie.",
        "Le conseil communal débattra du report le mois prochain. L'opposition veut savoir pourquoi le rapport des ingénieurs"
        " est resté sept mois dans un tiroir avant que quelqu'un n'en parle.",
    ),
    teasers=(
        "Le train circule à nouveau sur le vieux pont, mais plus lentement et seulement en semaine",
        "Les boulangers se plaignent du prix de la farine après une mauvaise récolte à l'est du pays",
        "Le bourgmestre veut garder le marché du soir malgré les plaintes des riverains de la place",
        "La piscine ferme deux semaines pour réparer le toit au-dessus du petit bassin",
    ),
    sections=("Belgique", "Monde", "Économie", "Culture", "Sports", "Débats", "Météo", "Régions"),
    also="Lire aussi",
    subscribe="Inscrivez-vous à notre newsletter et recevez chaque matin l'essentiel de l'actualité.",
    pay="La suite de cet article est réservée aux abonnés. Déjà abonné ? Connectez-vous.",
    cookies="Avec nos 143 partenaires, nous utilisons des cookies et des technologies similaires pour conserver des"
    " informations sur votre terminal et y accéder. Ces données servent à afficher des publicités personnalisées, à mesurer"
    " l'audience et à améliorer nos services. Vous pouvez accepter, refuser ou paramétrer vos choix par finalité.",
    accept=("Tout accepter", "Continuer sans accepter", "Paramétrer mes choix"),
    about="Le Courrier du Fleuve raconte la ville et la région, chaque jour, avec une rédaction de soixante journalistes."
    " Une information, une question, une plainte sur la livraison de votre journal : notre service clients vous répond.",
    published="Publié le 12 novembre 2025 à 14h30",
    byline="Par Pierre Hamel",
)
DE = Words(
    paper="Stromkurier",
    host="www.stromkurier.example",
    slug="hafen-verschiebt-ausbau-des-kais-um-fuenf-jahre",
    title="Hafen verschiebt Ausbau des Kais um fünf Jahre",
    lead="Der neue Kai für Containerschiffe kommt frühestens in fünf Jahren, weil der Boden stärker belastet ist, als"
    " frühere Messungen zeigten. Das hat der Aufsichtsrat am Mittwoch beschlossen.",
    paragraphs=(
        "Nach Angaben der Ingenieure muss eine fast vier Meter dicke Schlickschicht abgetragen werden, bevor die erste"
        " Spundwand in den Grund kann. Die Kosten dafür steigen auf neunzig Millionen Euro, doppelt so viel wie geschätzt.",
        "Direktorin Helga Vermaas nennt die Entscheidung schmerzhaft, aber unvermeidlich. „Wir können keinen Kai auf Grund"
        " bauen, von dem wir nicht wissen, was darin steckt“, sagt sie in ihrem Büro mit Blick auf die Docks.",
        "Die Reedereien reagieren unterschiedlich. Zwei von ihnen hatten ihre Fahrpläne bereits angepasst und fürchten, dass"
        " Schiffe nach Norden ausweichen müssen, wo die Wartezeit schon jetzt bis zu drei Tage beträgt.",
        "Umweltverbände sind erleichtert. Sie hatten schon im Frühjahr eine neue Untersuchung verlangt, nachdem Fischer tote"
        " Aale im Kanal neben der alten Raffinerie gefunden hatten.",
        "Der Stadtrat berät im nächsten Monat über den Aufschub. Die Opposition will wissen, warum der Bericht der Ingenieure"
        " sieben Monate in einer Schublade lag, bevor jemand darüber sprach.",
    ),
    teasers=(
        "Der Zug fährt wieder über die alte Brücke, aber langsamer als früher und nur an Werktagen",
        "Bäcker klagen nach der schlechten Ernte im Osten über den Preis für Mehl",
        "Bürgermeisterin will den Abendmarkt trotz der Beschwerden von Anwohnern behalten",
        "Das Schwimmbad schließt zwei Wochen, weil das Dach über dem Kinderbecken undicht ist",
    ),
    sections=("Inland", "Ausland", "Wirtschaft", "Kultur", "Sport", "Meinung", "Wetter", "Region"),
    also="Lesen Sie auch",
    subscribe="Melden Sie sich für unseren Newsletter an und erhalten Sie jeden Morgen das Wichtigste.",
    pay="Jetzt weiterlesen mit Plus. Bereits Abonnent? Hier anmelden.",
    cookies="Wir und unsere 143 Partner verwenden Cookies und ähnliche Techniken, um Informationen auf Ihrem Gerät zu"
    " speichern und abzurufen. Damit zeigen wir personalisierte Anzeigen, messen die Reichweite und verbessern unsere"
    " Angebote. Sie können zustimmen, ablehnen oder Ihre Einstellungen für einzelne Zwecke anpassen. Mehr im Datenschutz.",
    accept=("Zustimmen", "Ablehnen", "Einstellungen"),
    about="Der Stromkurier berichtet aus Stadt und Umland, jeden Tag, mit einer Redaktion von sechzig Menschen. Haben Sie"
    " einen Hinweis, eine Frage oder eine Beschwerde zur Zustellung Ihrer Zeitung, hilft unser Leserservice.",
    published="Veröffentlicht am 12. November 2025, 14:30 Uhr",
    byline="Von Peter Hamel",
)
EN = Words(
    paper="The Estuary Post",
    host="www.estuarypost.example",
    slug="port-puts-off-quay-extension-for-five-years",
    title="Port puts off quay extension for five years",
    lead="The new quay for container ships will not be built for at least five years, because the ground is more polluted"
    " than earlier soundings showed. The board decided so on Wednesday.",
    paragraphs=(
        "Engineers say that a layer of silt almost four metres deep has to be taken away before the first sheet pile can go"
        " into the ground. The bill for that has risen to ninety million euros, twice what was reckoned two years ago.",
        "The director, Helen Vermaas, calls the decision painful but inevitable. “We cannot build a quay on ground of which"
        " we do not know what is in it,” she says in her office above the docks.",
        "Shipping lines are divided. Two of them had already changed their timetables and fear that their ships will have to"
        " sail to ports further north, where ships wait up to three days for a berth even now.",
        "Environmental groups are relieved. They asked for a new survey in the spring, after fishermen had found dead eels in"
        " the canal beside the old refinery.",
        "The city council will discuss the delay next month. The opposition wants to know why the engineers' report lay in a"
        " drawer for seven months before anybody said a word about it.",
    ),
    teasers=(
        "The train runs over the old bridge again, but slower than it did and on weekdays only",
        "Bakers complain about the price of flour after a poor harvest in the east of the country",
        "Mayor wants to keep the evening market in spite of complaints by people who live on the square",
        "Swimming pool closes for two weeks while the roof above the small pool is mended",
    ),
    sections=("Home", "World", "Business", "Arts", "Sport", "Opinion", "Weather", "Region"),
    also="Read also",
    subscribe="Sign up for our newsletter and get the news that matters every morning.",
    pay="Subscribe to continue reading. Already a subscriber? Log in.",
    cookies="We and our 143 partners use cookies and similar technologies to store and access information on your device."
    " We use it to show personalised ads, to measure our audience and to improve our services. You can accept, reject or"
    " manage your preferences for each purpose. You can withdraw your consent on our privacy page.",
    accept=("Accept all", "Reject all", "Manage preferences"),
    about="The Estuary Post has told the news of the city and the region every day for eighty years, with a newsroom of sixty."
    " If you have a tip, a question or a complaint about the delivery of your paper, call our readers' desk on weekdays.",
    published="Published on 12 November 2025 14:30",
    byline="By Peter Hamel",
)
WORDS = {"nl": NL, "fr": FR, "de": DE, "en": EN}
