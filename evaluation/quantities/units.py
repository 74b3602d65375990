"""Units of time, length, mass, volume, money and temperature, in English, Spanish, French and German."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from evaluation.quantities.spelled import without_accents

# By dimension, its units: how many base units one is, and its names. Days and months do not convert into each other.
_TABLE = """
time 1 second seconds sec secs segundo segundos seconde secondes sekunde sekunden s
time 60 minute minutes min mins minuto minutos minuten
time 3600 hour hours hr hrs h hora horas heure heures stunde stunden std
time 86400 day days dia dias jour jours tag tage tagen
time 604800 week weeks semana semanas semaine semaines woche wochen
months 1 month months mes meses mois monat monate monaten
months 12 year years yr yrs ano anos an ans annee annees jahr jahre jahren
months 120 decade decades decada decadas decennie jahrzehnt
months 1200 century centuries siecle siecles siglo siglos jahrhundert
length 1/1000 mm millimeter millimeters millimetre millimetres milimetro milimetros
length 1/100 cm centimeter centimeters centimetre centimetres centimetro centimetros zentimeter
length 1/10 dm decimeter decimeters decimetre decimetres decimetro decimetros dezimeter
length 1 m meter meters metre metres metro metros
length 1000 km kilometer kilometers kilometre kilometres kilometro kilometros kms
length 0.0254 inch inches pulgada pulgadas pouce pouces zoll
length 0.3048 foot feet ft pie pies pied pieds fuss fuß
length 0.9144 yard yards yd yds
length 1609.344 mile miles mi milla millas meile meilen
mass 1/1000 mg milligram milligrams miligramo miligramos milligramme milligrammes milligramm
mass 1 g gram grams gramme grammes gramo gramos gramm
mass 1000 kg kgs kilo kilos kilogram kilograms kilogramo kilogramos kilogramme kilogrammes kilogramm
mass 1000000 ton tons tonne tonnes tonelada toneladas tonnen
mass 28.349523125 ounce ounces oz onza onzas
mass 453.59237 pound pounds lb lbs libra libras livre livres pfund
volume 1 ml milliliter milliliters millilitre millilitres mililitro mililitros
volume 10 cl centiliter centiliters centilitre centilitres centilitro centilitros
volume 100 dl deciliter deciliters decilitre decilitres
volume 1000 l liter liters litre litres litro litros lt
volume 473.176473 pint pints
volume 946.352946 quart quarts
volume 3785.411784 gallon gallons galon galones
money 1 cent cents penny pennies pence centavo centavos centimo centimos centime centimes
money 100 dollar dollars usd buck bucks dolar dolares euro euros eur sterling
"""
_TEMPERATURES = {
    "c": (Fraction(1), Fraction("273.15")), "celsius": (Fraction(1), Fraction("273.15")),
    "centigrade": (Fraction(1), Fraction("273.15")), "k": (Fraction(1), Fraction(0)),
    "kelvin": (Fraction(1), Fraction(0)), "kelvins": (Fraction(1), Fraction(0)),
    "f": (Fraction(5, 9), Fraction("459.67") * 5 / 9), "fahrenheit": (Fraction(5, 9), Fraction("459.67") * 5 / 9),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number may be so many of."""

    dimension: str
    """Units of one dimension convert into each other."""
    factor: Fraction
    """How many base units it is."""
    offset: Fraction = Fraction(0)
    """Base units at its zero: for temperatures."""

    def base(self, value: Fraction) -> Fraction:
        """`value` of these, in base units."""
        return value * self.factor + self.offset

    def power(self, degree: int) -> Unit:
        """The unit of area or volume; a cubic centimetre is a millilitre."""
        if self.dimension == "length" and degree == 3:
            return Unit("volume", self.factor**3 * 10**6)
        return Unit(f"{self.dimension}^{degree}", self.factor**degree)

    def per(self, other: Unit) -> Unit:
        """So many of these in one of the other."""
        return Unit(f"{self.dimension}/{other.dimension}", self.factor / other.factor)


UNITS = {
    name: Unit(dimension, Fraction(factor))
    for dimension, factor, *names in map(str.split, _TABLE.strip().splitlines())
    for name in names
}
TEMPERATURES = {name: Unit("temperature", *scale) for name, scale in _TEMPERATURES.items()}


def unit_named(word: str) -> Unit | None:
    """The unit of that name or sign; of temperatures only their names ("celsius")."""
    plain = without_accents(word)
    return UNITS.get(plain) or (TEMPERATURES.get(plain) if len(plain) > 1 else None)
