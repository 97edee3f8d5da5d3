"""List who works at Veldmand and in which backlogs; all of them are made up."""

from __future__ import annotations

from .words import Backlog, Person

COMPANY = "Veldmand"
HOST = "veldmand.example"


def _person(ref: str, name: str, team: str = "") -> Person:
    return Person(ref, name, f"{ref}@{HOST}", team)


PEOPLE = {
    person.ref: person
    for person in (
        _person("noor", "Noor Haverkamp"),
        _person("bas", "Bas Terlinden"),
        _person("ilse", "Ilse Wouterlood"),
        _person("tom", "Tom Vandersteene"),
        _person("carla", "Carla Benvenuto"),
        _person("diederik", "Diederik van Looveren"),
        _person("pilar", "Pilar Echenique"),
        _person("gunnar", "Gunnar Thoresen"),
        _person("beatrix", "Beatrix Hohenfels"),
        _person("lutz", "Lutz Kammerer"),
        _person("ruben", "Ruben Aalders", "Checkout"),
        _person("mila", "Mila Sandvoort", "Checkout"),
        _person("sven", "Sven Olierook", "Checkout"),
        _person("lotte", "Lotte Hemelrijk", "Checkout"),
        _person("hugo", "Hugo Santegoeds", "Checkout"),
        _person("imke", "Imke Brouwenstijn", "Checkout"),
        _person("daan", "Daan Kwakernaak", "Basket"),
        _person("fenna", "Fenna Oldenzaal", "Basket"),
        _person("amira", "Amira Belhadj", "Basket"),
        _person("okke", "Okke Fierens", "Basket"),
        _person("jannik", "Jannik Sommerfeldt", "Payments"),
        _person("petra", "Petra Rüdesheim", "Payments"),
        _person("cem", "Cem Altıner", "Payments"),
        _person("hanne", "Hanne Löwitsch", "Payments"),
        _person("wout", "Wout Bergmeijer", "Depot floor"),
        _person("eline", "Eline Catteau", "Depot floor"),
        _person("karim", "Karim Ouazzani", "Depot floor"),
        _person("sofie", "Sofie Merckelbach", "Depot floor"),
        _person("maaike", "Maaike Zonderland", "Depot floor"),
        _person("desta", "Desta Haileyesus", "Depot floor"),
        _person("joris", "Joris Plantinga", "Depot floor"),
        _person("agnieszka", "Agnieszka Wilczur", "Depot floor"),
        _person("lena", "Lena Quist", "Storefront"),
        _person("kofi", "Kofi Adjarko", "Storefront"),
        _person("marta", "Marta Zielenska", "Storefront"),
        _person("piet", "Piet Donkersloot", "Storefront"),
        _person("yara", "Yara Nasrallin", "Storefront"),
        _person("emil", "Emil Havgaard", "Storefront"),
        _person("sana", "Sana Mirzadeh", "Storefront"),
        _person("jo", "Jo Tessenderlo", "Riders"),
        _person("bram", "Bram Uyterhoeven", "Riders"),
        _person("nina", "Nina Castelijns", "Riders"),
        Person("automation", "Automation for Jira", f"automation@{HOST}", "", True),
    )
}

_JIRA = {
    "t": "To Do",
    "w": "In Progress",
    "r": "In Review",
    "d": "Done",
    "x": "Won't Do",
    "h": "Testing",
    "v": "Validated",
    "n": "Rejected",
}
_GERMAN = {**_JIRA, "t": "Offen", "w": "In Arbeit", "r": "Im Review", "d": "Erledigt", "x": "Verworfen"}
_DEPOT = {**_JIRA, "t": "Backlog", "s": "Selected", "r": "Ready for Release", "x": "Dropped"}
_LINEAR = {"t": "Todo", "w": "In Progress", "r": "In Review", "d": "Done", "x": "Canceled", "h": "In Progress", "v": "Done", "n": "Done"}

BACKLOGS = {
    backlog.key: backlog
    for backlog in (
        Backlog("SHOP", "Shop", "jira", "Shop", 1, _JIRA, True),
        Backlog("PAY", "Payments", "jira", "Shop", 2, _GERMAN, True),
        Backlog("DEPOT", "Depot", "jira", "Depot", 3, _DEPOT, False),
        Backlog("WEB", "Storefront", "linear", "Shop", 4, _LINEAR, True),
        Backlog("RIDE", "Riders", "linear", "Depot", 5, _LINEAR, False),
    )
}
