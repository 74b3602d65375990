"""Personal data in contents: e-mail addresses, phone numbers, payment cards, IP addresses.

Each kind is found by its shape and then checked: a card by its check digit, an address by whether anybody could have
it. Where a number could as well be a sum, a date or a version, it is left. This lowers the risk of teaching a model
somebody's number; it does not make a corpus anonymous. Names and postal addresses are not looked for.
"""

from __future__ import annotations

import ipaddress
import re
from typing import get_args

from data_mix.filters.config import FilterConfig, Personal
from data_mix.filters.draft import Draft, Drop, Filter, Repaired, rewrite
from data_mix.filters.scan import AT, Mask, Scan

_EMAIL = re.compile(
    r"(?<![\w.%+\-/@])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}+@"
    r"(?:[A-Za-z0-9][A-Za-z0-9\-]{0,62}\.){1,6}[A-Za-z]{2,24}(?![\w@(])"
)
# Reserved for examples (RFC 2606 and 6761), so that nobody has them; and git's, which is nobody either.
_NOBODYS_MAIL = re.compile(
    r"git@.*|.*[@.](?:example\.(?:com|org|net|edu)|example|test|invalid|localhost|local)", re.IGNORECASE
)

_CARD = re.compile(
    r"(?<![\w./=#+\-])(?:\d{14,16}|\d{19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5})"
    r"(?![\w=]|[.\-/ ]?\d)"
)
_ISSUERS = re.compile(r"4(?:.{15}|.{18})|(?:5[1-5]|2[2-7]).{14}|3[47].{13}|3[068].{12}|6.{15}|6.{18}")

_OPERATORS = r"\w.,=*/<>$€£^#+\-"
_PHONES = (
    # International: a plus and 8 to 15 digits.
    re.compile(r"(?<![\w+)\]])\+[1-9](?:[ .\-]?\(?\d\)?){7,14}(?![\w=*]|[.,\-]\d)"),
    # North American: (212) 555-0123, 212-555-0123, 212.555.0123.
    re.compile(
        rf"(?<![{_OPERATORS}(])(?:1[ .\-])?(?:\([2-9]\d\d\) ?[2-9]\d\d[ .\-]|[2-9]\d\d([.\-])[2-9]\d\d\1)\d{{4}}"
        r"(?![\w=*]|[.,\-]\d)"
    ),
    # European, in groups behind a zero: 020 7946 0958, 01 23 45 67 89, 030/1234567.
    re.compile(rf"(?<![{_OPERATORS}])(?:0\d{{1,4}}([ .\-])\d{{2,4}}(?:\1\d{{2,4}}){{1,4}}|0\d{{2,4}}[ /\-]\d{{5,8}})"
               r"(?![\w=*]|[.,\- ]\d)"),
)  # fmt: skip
# Any other number of 7 to 15 digits is one where the words before it say so.
_NUMBER = re.compile(r"(?<![\w.,=+\-])\(?\d(?:[ .\-()]{0,2}\d){6,14}(?![\w=*%]|[.,\-]\d)")
_SAYS_SO = re.compile(
    r"\b(?:(?:tele)?phone|tel|mobile|cell(?:phone)?|fax|whatsapp|(?:call|dial)(?: (?:me|us|him|her|them|it))?"
    r"|(?:text|ring|reach|contact) (?:me|us|him|her|them|it))"
    r"(?: (?:number|no|num|nr))?(?: is| was| at| on)?[ .:#]{1,3}\Z",
    re.IGNORECASE,
)
_YEARS_OR_DATE = re.compile(
    r"(?:1[89]|20)\d\d[ .\-](?:1[89]|20)\d\d|\d{4}[.\-]\d\d?[.\-]\d\d?|\d\d?[.\-]\d\d?[.\-]\d{4}"
)

_IPV4 = re.compile(r"(?<![\w.\-])\d{1,3}(?:\.\d{1,3}){3}(?![\w\-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION = re.compile(
    r"(?:\bv|\bver|version|release|build|rev|firmware|chapter|section|firefox|chrome)[ :./]*\Z", re.IGNORECASE
)

# What is left of a text for a first look: `0` for each digit, separators gone, so that a long number is a run of zeros;
# or digits gone, so that the dots of an address stand together.
_LONG, _BETWEEN = 7, b" ().-"
_RUNS = bytes(48 if chr(code) in "0123456789" else 32 for code in range(256))
_NO_DIGITS = bytes(code for code in range(256) if chr(code) not in "0123456789")
_DOTS = bytes(code if code == 46 else 32 for code in range(256))


def personal_data(config: FilterConfig) -> Filter | None:
    """Repairs masked_email, masked_phone, masked_card, masked_ip, or reason personal_data."""
    chosen = config.personal_data
    if chosen == "off" or not chosen:
        return None
    kinds = get_args(Personal) if isinstance(chosen, str) else chosen
    email, card, ip, phone = ("email" in kinds, "card" in kinds, "ip" in kinds, "phone" in kinds)
    numbers = card or phone

    def look(draft: Draft) -> Drop | Repaired | None:
        text = draft.text
        if not (email and "@" in text):
            few_digits = len(text.encode().translate(None, _NO_DIGITS)) < 4  # no number and no address has fewer
            if few_digits and text.count(":") < 2:
                return None
            if not ((numbers and _has_long_number(text)) or (ip and _has_address(text))):
                return None
        found: set[str] = set()

        def put(kind: str) -> str:
            found.add(kind)
            return f"<{kind.upper()}>"

        def masked(content: str) -> str:
            if email and "@" in content:
                content = _EMAIL.sub(lambda m: m[0] if _NOBODYS_MAIL.fullmatch(m[0]) else put("email"), content)
            if ip and _has_address(content):
                content = _IPV4.sub(lambda m: put("ip") if _is_somebodys(m) else m[0], content)
                content = _IPV6.sub(lambda m: put("ip") if _is_somebodys(m) else m[0], content)
            if numbers and _has_long_number(content):
                lines = content.split("\n")
                content = "\n".join([masked_numbers(line) if _has_long_number(line) else line for line in lines])
            return content

        def masked_numbers(line: str) -> str:
            if card:  # before phone numbers, which may look like a part of one
                line = _CARD.sub(lambda m: put("card") if _is_card(m[0]) else m[0], line)
            if phone:
                for pattern in _PHONES:
                    line = pattern.sub(lambda m: put("phone") if _is_phone(m[0]) else m[0], line)
                line = _NUMBER.sub(lambda m: put("phone") if _is_said_to_be_phone(m) else m[0], line)
            return line

        repaired = rewrite(draft, masked, "")
        if not isinstance(repaired, Repaired):
            return None
        if chosen == "drop":
            return Drop("personal_data")
        return Repaired(repaired.messages, tuple(f"masked_{kind}" for kind in get_args(Personal) if kind in found))

    def where(scan: Scan) -> Mask:
        found = scan.has(AT if email else 0)
        found = found | scan.numbers(_LONG, _BETWEEN) if numbers else found
        return found | scan.addresses() if ip else found

    return Filter(look, where)


def _has_long_number(text: str) -> bool:
    return b"0" * _LONG in text.encode().translate(_RUNS, _BETWEEN)


def _has_address(text: str) -> bool:
    if text.count(".") >= 3 and b"..." in text.encode().translate(_DOTS, b"0123456789"):
        return True
    colons = text.count(":")
    return colons >= 7 or (colons >= 2 and "::" in text)


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not _ISSUERS.fullmatch(digits):
        return False
    # Luhn's check: every second digit from the right doubled, and its digits summed.
    total = sum(
        int(digit) if index % 2 == 0 else sum(divmod(2 * int(digit), 10))
        for index, digit in enumerate(reversed(digits))
    )
    return total % 10 == 0 and len(set(digits)) > 2


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 7 <= len(digits) <= 15 and len(set(digits)) > 2 and not _YEARS_OR_DATE.fullmatch(text)


def _is_said_to_be_phone(match: re.Match[str]) -> bool:
    said = _SAYS_SO.search(match.string, max(0, match.start() - 40), match.start())
    return said is not None and _is_phone(match[0])


def _is_somebodys(match: re.Match[str]) -> bool:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return False
    if not address.is_global:  # private, loopback, or reserved for documentation
        return False
    if address.version == 6:
        return match[0].count(":") >= 3 and int(address) >> 125 == 1  # 2000::/3; else a slice such as a[1::2]
    version = _VERSION.search(match.string, max(0, match.start() - 12), match.start())
    return version is None and re.search(r"\d\d", match[0]) is not None
