"""What a reply does, by its words alone: praises, denies, asks, tells, orders, hedges, and where in the reply."""

from __future__ import annotations

import math
import re

from evaluation.judges.features.reading import Text

_NEVER = 1.5
"""Where in a reply (0 to 1) a move stands that is not in it."""
_MANY = 3


def _any(*patterns: str) -> re.Pattern[str]:
    """One of the patterns, each of whole words."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE | re.MULTILINE)


_MOVES = {
    "praise": _any(
        "great|good|nice|excellent|fantastic|wonderful|awesome|amazing|perfect|brilliant|impressive|well done"
    ),
    "effort": _any(r"(?:effort|try|attempt|trying|thinking|explanation|appreciate|thank)\w*"),
    "affirm": _any(
        "yes|exactly|correct|correctly|absolutely|indeed|you got it|(?:that's|that is|you're|you are) right"
    ),
    "nearly": _any("right track|close|almost|nearly|good start|great start"),
    "deny": _any("not (?:quite|exactly|correct|right)|incorrect|wrong|no,|isn't (?:quite )?(?:right|correct)|is not"),
    "mistake": _any(
        "mistake|error|oops|slip|typo|misread|messed|mix(?:ed|ing)? up|miss(?:ed|ing)?",
        r"(?:misunderst|confus|overlook|forgot)\w*",
    ),
    "actually": _any("actually"),
    "but": _any("but"),
    "however": _any("however"),
    "instead": _any("instead"),
    "should": _any("should(?:n't)?"),
    "need": _any("needs?"),
    "remember": _any("remember|recall|keep in mind|don't forget|forget"),
    "lets": _any("let's|let us|lets"),
    "let_me": _any("let me"),
    "recheck": _any(
        "(?:double[- ]?|re-?)?check|re-?view|revisit|look (?:back|again|at)|(?:closer|another) look|go (?:back|over)",
        r"re-?(?:calculat|evaluat|examin|think|consider|read|work|do)\w*",
    ),
    "again": _any("again"),
    "together": _any("together"),
    "step": _any("steps?"),
    "order": _any("first|start(?:ing)? (?:with|by|from)|next|then|finally"),
    "can_you": _any("(?:can|could|would|will) you"),
    "what_if": _any("what (?:if|would|happens?|do you)"),
    "open_question": re.compile(r"\b(?:what|which|how|why|where|when)\b[^.!?]*\?", re.IGNORECASE),
    "closed_question": re.compile(
        r"(?:^|[.!?,:]\s+)(?:is|are|do|does|did|was|were|have|has|should|isn't|wouldn't|doesn't|don't)\b[^.!?]*\?",
        re.IGNORECASE | re.MULTILINE,
    ),
    "how_many": _any("how (?:many|much)"),
    "why": _any("why"),
    "tell_me": _any("tell me|show me|explain|walk me|describe|share|spot|see if you|identify"),
    "hedge": _any(
        "might|may|maybe|perhaps|possibly|probably|think|a bit|little|slight(?:ly)?|(?:seem|look|sound)s?(?: like)?"
    ),
    "explain": _any("means?|because|since|so that|in other words|for example|such as|called|definition|rule|formula"),
    "result": _any("therefore|so|thus|hence|giv(?:es|ing)|equals?|makes?|total of|result", "which (?:is|means|would)"),
    "would_be": _any("(?:would|should|will) be"),
    "you": _any("you"),
    "your": _any("your"),
    "your_work": _any(
        r"your (?:\w+ )?(?:calculation|step|work|answer|solution|process|approach|equation|number)s?",
        r"your (?:\w+ )?(?:reasoning|thinking|math)",
    ),
    "we": _any("we"),
    "i": _any("i|my"),
    "you_did": _any(
        r"you(?:'ve| have)? (?:\w+ )?(?:add|subtract|multipli|divid|calculat|us|mention|assum|count|start|includ)ed",
        r"you(?:'ve| have)? (?:\w+ )?(?:found|did|made|got|said|took|forgot|wrote)",
    ),
    "operation": _any(r"(?:add|subtract|multipl|divid|minus|plus|times|sum|difference|product|quotient|fraction)\w*"),
    "move_on": _any(
        r"keep (?:it|up|going|practic\w+)|ready|next (?:problem|question)|move on|practi[cs]e|continue|have fun"
    ),
    "sorry": _any(r"sorry|apolog\w+"),
    "leak": re.compile(r"###|\b(?:user|assistant|student|tutor)\s*:|\b(?:tutor|revised) response\b", re.IGNORECASE),
}
_CORRECTIVE = ("deny", "mistake", "actually", "but", "however", "instead", "should", "remember", "recheck", "again")
_PLACED = ("praise", "affirm", "deny", "but", "remember", "actually", "mistake", "recheck", "lets", "should")
_OPENERS = {
    "but": "but however although",
    "praise": "great good nice excellent well perfect awesome wonderful",
    "that": "that's that this",
    "actually": "actually",
    "remember": "remember recall",
    "i": "i i'm i've",
    "lets": "let's let",
    "wh": "what how why which where when",
    "can": "can could would do does did is are",
    "yes": "yes right correct exactly",
    "no": "no not wrong incorrect",
    "it": "it it's there",
    "you": "you you're your you've",
    "so": "so to if since when in",
    "nearly": "almost close nearly",
    "oh": "oh hmm ah oops ok okay alright sure hi hello hey",
}
_OPENS = {word: name for name, words in _OPENERS.items() for word in words.split()}
_ORDER_WORDS = """
    try look think consider use add subtract multiply divide calculate find check remember recall take start go see make
    write solve count read review compare double focus keep tell show explain notice note determine figure work break
    apply imagine draw set put simplify convert round reread
"""
_ORDERS = frozenset(_ORDER_WORDS.split())
_LEAD = frozenset(("please", "now", "then", "first", "next", "just", "also", "so"))
_CLAUSE = re.compile(r"[,;:] | - | but | and | so ")
_WORD = re.compile(r"[a-z']+")


def moves(reply: Text) -> dict[str, float]:
    """By name, a number for each move and for the shape of the reply; the names are always the same."""
    text, sentences = reply.plain, reply.sentences
    words = [token.lower() for token in reply.tokens if token[0].isalpha()]
    asked = ["?" in sentence for sentence in sentences]
    last = sentences[-1].lower() if sentences else ""
    facts = {
        "words": math.log1p(len(words)),
        "sentences": math.log1p(len(sentences)),
        "words_per_sentence": len(words) / max(1, len(sentences)),
        "word_length": sum(map(len, words)) / max(1, len(words)),
        "variety": len(set(words)) / max(1, len(words)),
        "first_words": math.log1p(len(sentences[0].split())) if sentences else 0.0,
        "last_words": math.log1p(len(last.split())),
        "questions": float(min(_MANY, sum(asked))),
        "question_share": sum(asked) / max(1, len(asked)),
        "asks_first": float(asked[:1] == [True]),
        "asks_last": float(asked[-1:] == [True]),
        "asks_at": next((place / len(asked) for place, yes in enumerate(asked) if yes), _NEVER),
        "exclamations": float(min(_MANY, text.count("!"))),
        "commas": text.count(",") / max(1, len(words)),
        "colon": float(":" in text),
        "quotes": float('"' in text),
        "brackets": float("(" in text),
        "lines": float("\n" in text),
        "cut_off": float(not text.rstrip("\"')* ").endswith((".", "!", "?"))),
        "orders": float(min(_MANY, sum(_is_order(part) for each in sentences for part in _CLAUSE.split(each.lower())))),
        "orders_last": float(any(_is_order(part) for part in _CLAUSE.split(last))),
        "lets_last": float("let's" in last),
    }
    opener = _OPENS.get(words[0], "") if words else ""
    facts |= {f"opens_{name}": float(opener == name) for name in _OPENERS}
    places = {name: [found.start() for found in pattern.finditer(text)] for name, pattern in _MOVES.items()}
    facts |= {f"says_{name}": float(min(_MANY, len(found))) for name, found in places.items()}
    facts |= {f"at_{name}": places[name][0] / len(text) if places[name] else _NEVER for name in _PLACED}
    corrective = sum(bool(places[name]) for name in _CORRECTIVE)
    approves = bool(places["praise"] or places["affirm"])
    return facts | {
        "corrects": float(min(4, corrective)),
        "approves_alone": float(approves and not corrective and not any(asked)),
        "approves_and_asks": float(approves and not corrective and any(asked)),
        "tells_alone": float(not approves and not corrective and not any(asked)),
        "approves_first": float(approves and corrective > 0),
    }


def _is_order(clause: str) -> bool:
    words = _WORD.findall(clause)
    if words and words[0] in _LEAD:
        words = words[1:]
    return bool(words) and words[0] in _ORDERS
