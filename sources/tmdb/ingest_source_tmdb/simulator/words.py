"""The made-up vocabulary. Every place and person is invented; languages and countries are ISO codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest_source_tmdb.simulator.wire import Json


@dataclass(frozen=True)
class Speech:
    """What titles and overviews are made of in one language. The tuples have equal lengths in every language, so that
    one draw tells the same story in each of them."""

    titles: tuple[str, ...]
    nouns: tuple[str, ...]
    places: tuple[str, ...]
    sentences: tuple[str, ...]
    taglines: tuple[str, ...]


ENGLISH: Final = Speech(
    titles=("The {noun} of {place}", "{place}: {noun}", "A {noun} for {place}", "Return to {place}'s {noun}"),
    nouns=("Lantern", "Orchard", "Cartographer", "Tide", "Beekeeper", "Clock", "Archive", "Ferry", "Winter", "Choir"),
    places=("Vellmora", "Ostrane", "Quillhaven", "Tarpeny", "Brasmere", "Ondovia", "Kesterlow", "Marrabine", "Ullsay"),
    sentences=(
        "In the harbour town of {place}, a {noun} that nobody ordered is delivered to the wrong house, and by morning "
        "every neighbour claims to have been expecting it.",
        "Three sisters who have not spoken in eleven years must cross {place} on foot to settle a debt — one that "
        "their grandmother swore was already paid.",
        "When the only bridge out of {place} is closed for repairs, a retired surveyor discovers that the map he drew "
        "forty years ago left out an entire street.",
        'A clerk at the "{noun}" bureau files one false report out of kindness, and watches it become the official '
        "history of {place}.",
        "As the festival of {place} draws near, an apprentice finds a letter addressed to somebody who will not be "
        "born for another century.",
    ),
    taglines=("Nobody leaves {place} twice.", "Some debts keep the time.", "", "The map was wrong on purpose."),
)
PORTUGUESE: Final = Speech(
    titles=("O Segredo de {place}: {noun}", "{place}: {noun}", "Canção para {place}", "De Volta à Estação {place}"),
    nouns=("Lanterna", "Pomar", "Cartógrafa", "Maré", "Apicultor", "Relógio", "Memória", "Balsa", "Inverno", "Coração"),
    places=("Velamora", "Ostrânia", "Quilhavém", "Tarpéni", "Brasmar", "Ondóvia", "Questerló", "Marabina", "Ulsaí"),
    sentences=(
        "Na cidade portuária de {place}, uma encomenda que ninguém pediu chega à casa errada; pela manhã, toda a "
        "vizinhança já a esperava.",
        "Três irmãs que não se falam há onze anos precisam atravessar {place} a pé para quitar uma dívida que a avó "
        "jurava estar paga.",
        "Quando a única ponte de {place} é interditada, um agrimensor aposentado descobre que o mapa que desenhou "
        "omitiu uma rua inteira.",
        'Por bondade, uma escrivã da repartição "{noun}" registra um fato falso — e ele vira a '
        "história oficial de {place}.",
        "Às vésperas da festa de {place}, um aprendiz encontra uma carta para alguém que só nascerá daqui a um século.",
    ),
    taglines=("Ninguém deixa {place} duas vezes.", "Há dívidas que marcam as horas.", "", "O mapa errou de propósito."),
)
JAPANESE: Final = Speech(
    titles=("{place}の{noun}", "{place}・{noun}", "{place}に捧ぐ{noun}", "帰郷、{place}の{noun}"),
    nouns=("灯籠", "果樹園", "地図師", "潮", "養蜂家", "時計", "書庫", "渡し舟", "冬", "合唱"),
    places=(
        "ヴェルモラ",
        "オストラン",
        "クイルヘヴン",
        "タルペニ",
        "ブラスミア",
        "オンドヴィア",
        "ケスタロウ",
        "マラビン",
        "ウルセイ",
    ),
    sentences=(
        "港町{place}で、誰も頼んでいない荷物が間違った家に届く。朝になると、町中の人がそれを待っていたと言い出した。",
        "十一年も口をきいていない三姉妹が、祖母の借りを返すために{place}を歩いて渡る。",
        "{place}でただ一つの橋が閉ざされ、引退した測量士は、かつて描いた地図に通りが一本抜けていたことに気づく。",
        "「{noun}」局の書記が親切心から書いた嘘が、やがて{place}の正史になっていく。",
        "{place}の祭りを前に、見習いの少年は百年後に生まれる誰かへの手紙を見つける。",
    ),
    taglines=("{place}を二度去る者はいない。", "時を刻む借りがある。", "", "地図はわざと間違えた。"),
)
SPEECH: Final = {"en": ENGLISH, "pt": PORTUGUESE, "ja": JAPANESE}

FIRST_NAMES: Final = (
    "Tavi",
    "Marisca",
    "Odwin",
    "Zélia",
    "Kaneo",
    "Brisa",
    "Ulric",
    "Senna",
    "Ýrsa",
    "Domério",
    "Hanae",
)
LAST_NAMES: Final = (
    *("Orlenquist", "Quevane", "Brasmoor", "Tardelune", "Vasconsel", "Ikuzawara", "Pennaforth", "Oldehaven"),
    *(
        "Lumbrequi",
        "Sarvandi",
        "Ferrolhas",
        "Kettelby-Roe",
        "Nakamizu",
        "Drostenak",
        "Albanez-Uy",
        "Corvinelle",
        "Óskarin",
    ),
)
DEPARTMENTS: Final = {
    "Directing": ("Director", "Script Supervisor"),
    "Writing": ("Writer", "Story"),
    "Sound": ("Sound Mixer", "Composer"),
    "Camera": ("Camera Operator", "Grip"),
}
COMPANIES: Final = (
    "Tidepool Pictures",
    "Filmes da Ondóvia",
    "灯籠映画",
    "Brass Owl",
    "Kesterlow Films",
    "Estúdio Pomar",
)
NETWORKS: Final = ("Ullsay One", "Canal Marabina", "Harbour TV", "ブラス放送")
KEYWORDS: Final = ("lighthouse", "forged map", "sibling rivalry", "beekeeping", "slow train", "harbour", "found letter")
LANGUAGES: Final[tuple[Json, ...]] = (
    {"iso_639_1": "en", "english_name": "English", "name": "English"},
    {"iso_639_1": "pt", "english_name": "Portuguese", "name": "Português"},
    {"iso_639_1": "ja", "english_name": "Japanese", "name": "日本語"},
    {"iso_639_1": "ay", "english_name": "Aymara", "name": ""},
)
# Country, its names, the language of its films here, and its time zones.
COUNTRIES: Final = (
    ("US", "United States of America", "United States", "en", ("America/New_York", "America/Denver")),
    ("BR", "Brazil", "Brasil", "pt", ("America/Sao_Paulo", "America/Manaus")),
    ("JP", "Japan", "日本", "ja", ("Asia/Tokyo",)),
    ("PT", "Portugal", "Portugal", "pt", ("Europe/Lisbon",)),
    ("GB", "United Kingdom", "United Kingdom", "en", ("Europe/London",)),
)
# As in TMDB, some ids serve both kinds, some serve one; romance is 10749 for movies and tv has none.
MOVIE_GENRES: Final = {10749: "Romance", 201: "Drama", 202: "Comedy", 203: "Mystery", 204: "Adventure", 205: "Horror"}
TV_GENRES: Final = {201: "Drama", 202: "Comedy", 203: "Mystery", 10901: "Soap", 10902: "Talk", 10903: "Kids & Family"}
