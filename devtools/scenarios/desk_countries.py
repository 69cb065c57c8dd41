"""What three clubs sell at their invoice desks, to whom, and what is the country's own in it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Country:
    """Names and numbers of one club's desk. Amounts are the story's, the same everywhere."""

    code: str
    # Plans, products and texts, by what the story calls them.
    words: dict[str, str]
    # Who takes part, by part.
    people: dict[str, str]
    # Federation, district and club, and the account each is paid to; none: paid by hand.
    associations: tuple[tuple[str, str], ...]
    # The own account as payment files name it, and the one that a member is paid back to.
    own_account: str
    payer_account: str
    # The club's number in the register, and a customer who wants e-invoices.
    registry: str
    customer: dict[str, str]
    # What writes the e-invoice, and the version of UBL that it has to keep to.
    builder: str = "account.edi.xml.ubl_bis3"
    ubl: str = "2.1"


NORWAY = Country(
    code="no",
    words={
        "standard": "Årskontingent voksen",
        "plus": "Årskontingent pluss",
        "youth": "Årskontingent ungdom",
        "union": "Forbundskontingent",
        "shirt": "Klubbskjorte",
        "locker": "Skap i klubbhuset",
        "fee": "Fakturagebyr",
        "camp": "Høstleir",
        "levy": "Kontingent til forbundet",
        "single": "Takk for at du er med oss. Her er fakturaen din.",
        "closing": "Spørsmål om fakturaen? Skriv til post@fjellheim.example.",
        "part": "Leiren ble avlyst to dager",
        "whole": "Fakturert ved en feil",
        "moved": "Betalt for søsteren",
    },
    people={
        "camp1": "Aud Bakke",
        "camp2": "Birger Dahl",
        "camp3": "Cathrine Eide",
        "over": "Didrik Foss",
        "double": "Elin Grande",
        "sister": "Frøydis Grande",
        "rest": "Gaute Holm",
        "back": "Hedda Iversen",
        "part": "Ivar Jordal",
        "whole": "Jorunn Krogh",
        "leaver": "Ketil Lunde",
        "changer": "Liv Moe",
        "pauser": "Magne Næss",
        "extra": "Nora Opdal",
        "family": "Oddvar Prestegård",
        "child1": "Pia Prestegård",
        "child2": "Rune Prestegård",
        "child3": "Siri Prestegård",
        "club1": "Terje Ruud",
        "club2": "Unni Skog",
        "club3": "Vidar Tangen",
        "club4": "Wenche Ulven",
        "firm": "Åse Wold",
        "paper1": "Ørjan Aune",
        "paper2": "Ågot Berge",
    },
    associations=(
        ("Norges Turforbund", ""),
        ("Østre krets", "1234 56 78903"),
        ("Lia turlag", "9999 10 42764"),
    ),
    own_account="86011117947",
    payer_account="1111 05 00019",
    registry="974760673",
    customer={"name": "Fjellheim Bygg AS", "vat": "NO923609016MVA"},
)
DENMARK = Country(
    code="dk",
    words={
        "standard": "Årskontingent voksen",
        "plus": "Årskontingent plus",
        "youth": "Årskontingent ungdom",
        "union": "Forbundskontingent",
        "shirt": "Klubtrøje",
        "locker": "Skab i klubhuset",
        "fee": "Fakturagebyr",
        "camp": "Efterårslejr",
        "levy": "Kontingent til forbundet",
        "single": "Tak, fordi du er med. Her er din faktura.",
        "closing": "Spørgsmål til fakturaen? Skriv til kontor@havnens.example.",
        "part": "Lejren blev aflyst i to dage",
        "whole": "Faktureret ved en fejl",
        "moved": "Betalt for søsteren",
    },
    people={
        "camp1": "Agnete Bach",
        "camp2": "Bjarne Clausen",
        "camp3": "Conny Dam",
        "over": "Ditlev Eskildsen",
        "double": "Else Frandsen",
        "sister": "Fie Frandsen",
        "rest": "Gorm Hald",
        "back": "Helle Iversen",
        "part": "Ib Juhl",
        "whole": "Jytte Krag",
        "leaver": "Kaj Lauritsen",
        "changer": "Lis Mikkelsen",
        "pauser": "Mads Nygaard",
        "extra": "Nanna Olesen",
        "family": "Otto Petersen",
        "child1": "Pernille Petersen",
        "child2": "Rasmus Petersen",
        "child3": "Sofie Petersen",
        "club1": "Torben Ravn",
        "club2": "Ulla Skou",
        "club3": "Viggo Thomsen",
        "club4": "Winnie Uldall",
        "firm": "Ægir Wulff",
        "paper1": "Øjvind Aagaard",
        "paper2": "Åse Brøndum",
    },
    associations=(
        ("Dansk Friluftsforbund", ""),
        ("Østjysk kreds", "5479 1234567"),
        ("Marselis Friluftsklub", "DK50 0040 0440 1162 43"),
    ),
    own_account="12340001234567",
    payer_account="5479 7654321",
    registry="13585628",
    customer={"name": "Aarhus Kommune", "peppol_eas": "0088", "peppol_endpoint": "5798005770220"},
    builder="account.edi.xml.oioubl_201",
    ubl="2.0",
)
SWEDEN = Country(
    code="se",
    words={
        "standard": "Årsavgift vuxen",
        "plus": "Årsavgift plus",
        "youth": "Årsavgift ungdom",
        "union": "Förbundsavgift",
        "shirt": "Klubbtröja",
        "locker": "Skåp i klubbhuset",
        "fee": "Fakturaavgift",
        "camp": "Höstläger",
        "levy": "Avgift till förbundet",
        "single": "Tack för att du är med. Här är din faktura.",
        "closing": "Frågor om fakturan? Skriv till kontor@norra.example.",
        "part": "Lägret ställdes in två dagar",
        "whole": "Fakturerad av misstag",
        "moved": "Betalt för systern",
    },
    people={
        "camp1": "Agda Berglund",
        "camp2": "Bertil Carlén",
        "camp3": "Cajsa Dahlgren",
        "over": "Disa Engström",
        "double": "Ebba Forsman",
        "sister": "Frida Forsman",
        "rest": "Gösta Hedin",
        "back": "Hillevi Isaksson",
        "part": "Ingvar Jonsson",
        "whole": "Jenny Kvist",
        "leaver": "Kjell Lantz",
        "changer": "Lovisa Molin",
        "pauser": "Mattias Nordin",
        "extra": "Nina Olofsson",
        "family": "Oskar Palmgren",
        "child1": "Pelle Palmgren",
        "child2": "Rut Palmgren",
        "child3": "Signe Palmgren",
        "club1": "Tage Roos",
        "club2": "Ulrika Sandin",
        "club3": "Viktor Thorén",
        "club4": "Wilma Uhlin",
        "firm": "Åke Wallin",
        "paper1": "Örjan Alström",
        "paper2": "Östen Björk",
    },
    associations=(
        ("Svenska Friluftsförbundet", ""),
        ("Norrlandsdistriktet", "4 10 54-8"),
        ("Nydala friluftsklubb", "5050-1055"),
    ),
    own_account="50001111116",
    payer_account="SE45 5000 0000 0583 9825 7466",
    registry="802002-4280",
    customer={"name": "Norra Bolaget AB", "company_registry": "5560160680"},
)
