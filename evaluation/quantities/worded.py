"""Arithmetic in the words of other languages, said in English: "la mitad de 84" is "half of 84".

Expressions are read in English words (`expressions.py`), and this brings others to them. A word that means an operation
only between two numbers ("por", "entre", "mal", "plus") is turned there alone.
"""

from __future__ import annotations

from functools import cache

_PHRASES = {
    "es": """
la mitad de: half of | mitad de: half of | el doble de: twice | doble de: twice | el triple de: triple
un tercio de: a third of | un cuarto de: a quarter of | la tercera parte de: a third of
la cuarta parte de: a quarter of | la suma de: sum of | la diferencia entre: difference between
el producto de: product of | el cociente de: quotient of
por ciento: percent | raíz cuadrada de: square root of | raíz cúbica de: cube root of | al cuadrado: squared
al cubo: cubed | dividido entre: divided by | dividido por: divided by | multiplicado por: multiplied by | veces: times
más que: more than | menos que: less than | igual a: equal to | es: is | son: is | da: is | dan: is | y: and
suma: add | sumas: add | sumar: add | sumamos: add | resta: subtract | restas: subtract | restar: subtract
restamos: subtract | multiplica: multiply | multiplicas: multiply | multiplicar: multiply | divide: divide
divides: divide | dividir: divide | de: of | el: the | la: the
""",
    "fr": """
la moitié de: half of | moitié de: half of | le double de: twice | le triple de: triple | le tiers de: a third of
le quart de: a quarter of | un tiers de: a third of | un quart de: a quarter of | la somme de: sum of
la différence entre: difference between | le produit de: product of | le quotient de: quotient of | pour cent: percent
racine carrée de: square root of | racine cubique de: cube root of | au carré: squared | au cube: cubed
divisé par: divided by | divisée par: divided by | multiplié par: multiplied by | fois: times | de plus que: more than
de moins que: less than | plus que: more than | moins que: less than | égal à: equal to | égale: equals
est: is | sont: is | font: is | fait: is | donne: is | et: and | ajoute: add | ajoutes: add | ajouter: add
additionne: add | additionner: add | soustrais: subtract | soustraire: subtract | enlève: subtract | retire: subtract
multiplie: multiply | multiplier: multiply | divise: divide | diviser: divide | de: of | à: to | par: by
""",
    "de": """
die hälfte von: half of | hälfte von: half of | das doppelte von: twice | doppelte von: twice
das dreifache von: triple | ein drittel von: a third of | ein viertel von: a quarter of | die summe von: sum of
die summe aus: sum of | die differenz von: difference of | das produkt aus: product of | das produkt von: product of
prozent: percent | wurzel aus: square root of | quadratwurzel aus: square root of
quadratwurzel von: square root of | zum quadrat: squared | hoch zwei: squared | hoch drei: cubed
geteilt durch: divided by | multipliziert mit: multiplied by | mehr als: more than | weniger als: less than
ist: is | sind: is | gleich: equals | ergibt: is | ergeben: is | macht: is | und: and | addiere: add
subtrahiere: subtract | multipliziere: multiply | dividiere: divide | teile: divide | von: of | mit: with
durch: by
""",
}
_LONG = 4
"""Letters of a word that is hardly one of another language."""

Phrases = dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]


@cache
def phrases(language: str) -> Phrases:
    """By first word, the phrases of a language and their English, the longest first.

    After those of `language` come the ones of the others that have a long word: a few words hardly tell Spanish from
    French ("la moitié de 84"). None in a text in English.
    """
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for name, listed in _PHRASES.items() if language != "en" else ():
        for entry in listed.replace("\n", "|").split("|"):
            said, colon, english = entry.partition(":")
            if colon and (name == language or any(len(word) >= _LONG for word in said.split())):
                found.setdefault(said.split()[0], []).append((tuple(said.split()), tuple(english.split())))
    return {first: tuple(sorted(each, key=lambda pair: -len(pair[0]))) for first, each in found.items()}


BETWEEN_NUMBERS = {
    "por": "times", "más": "plus", "menos": "minus", "entre": "/", "moins": "minus", "sur": "over", "mal": "times",
    "durch": "/",
}  # fmt: skip
"""Words that are signs between two numbers."""
