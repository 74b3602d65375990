"""What a reply does, by its words alone: praises, denies, asks, tells, orders, hedges, and where in the reply."""

from __future__ import annotations

import math
import re

from evaluation.judges.features_reading import Text

_NEVER = 1.5
"""Where in a reply (0 to 1) a move stands that is not in it."""
_MANY = 3


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE)


_MOVES = {
    "praise": _any(r"\b(?:great|good|nice|excellent|fantastic|wonderful|awesome|amazing|perfect|well done|brilliant|impressive)\b"),
    "effort": _any(r"\b(?:effort|try|attempt|trying|thinking|explanation|appreciate|thank)\w*\b"),
    "affirm": _any(r"\b(?:yes|exactly|correct|correctly|absolutely|(?:that's|that is|you're|you are) right|you got it|indeed)\b"),
    "nearly": _any(r"\b(?:right track|close|almost|nearly|good start|great start)\b"),
    "deny": _any(r"\b(?:not quite|not exactly|not correct|not right|incorrect|wrong|no,|isn't (?:quite )?(?:right|correct)|is not)\b"),
    "mistake": _any(r"\b(?:mistake|error|misunderst\w+|confus\w+|mix(?:ed|ing)? up|oops|slip|miss(?:ed|ing)?|overlook\w*|forgot\w*|misread|typo|messed)\b"),
    "actually": _any(r"\bactually\b"),
    "but": _any(r"\bbut\b"),
    "however": _any(r"\bhowever\b"),
    "instead": _any(r"\binstead\b"),
    "should": _any(r"\bshould(?:n't)?\b"),
    "need": _any(r"\bneeds?\b"),
    "remember": _any(r"\b(?:remember|recall|keep in mind|don't forget|forget)\b"),
    "lets": _any(r"\b(?:let's|let us|lets)\b"),
    "let_me": _any(r"\blet me\b"),
    "recheck": _any(
        r"\b(?:(?:double[- ]?|re-?)?check|re-?view|revisit|look (?:back|again|at)|(?:closer|another) look|go (?:back|over)"
        r"|re-?(?:calculat|evaluat|examin|think|consider|read|work|do)\w*)\b"
    ),
    "again": _any(r"\bagain\b"),
    "together": _any(r"\btogether\b"),
    "step": _any(r"\bsteps?\b"),
    "order": _any(r"\b(?:first|start(?:ing)? (?:with|by|from)|next|then|finally)\b"),
    "can_you": _any(r"\b(?:can|could|would|will) you\b"),
    "what_if": _any(r"\bwhat (?:if|would|happens?|do you)\b"),
    "open_question": _any(r"\b(?:what|which|how|why|where|when)\b[^.!?]*\?"),
    "closed_question": _any(r"(?:^|[.!?,:]\s+)(?:is|are|do|does|did|was|were|have|has|should|isn't|wouldn't|doesn't|don't)\b[^.!?]*\?"),
    "how_many": _any(r"\bhow (?:many|much)\b"),
    "why": _any(r"\bwhy\b"),
    "tell_me": _any(r"\b(?:tell me|show me|explain|walk me|describe|share|spot|see if you|identify)\b"),
    "hedge": _any(r"\b(?:might|may|maybe|perhaps|seems?|looks? like|sounds? like|think|possibly|a bit|little|slight\w*|probably)\b"),
    "explain": _any(r"\b(?:means?|because|since|so that|in other words|for example|such as|called|definition|rule|formula)\b"),
    "result": _any(r"\b(?:therefore|so|thus|hence|which (?:is|gives|means|equals|would)|giv(?:es|ing)|equals?|makes?|total of|result)\b"),
    "would_be": _any(r"\b(?:would|should|will) be\b"),
    "you": _any(r"\byou\b"),
    "your": _any(r"\byour\b"),
    "your_work": _any(r"\byour (?:\w+ )?(?:calculations?|steps?|work|answer|solution|reasoning|process|approach|equation|thinking|math|numbers?)\b"),
    "we": _any(r"\bwe\b"),
    "i": _any(r"\b(?:I|my)\b"),
    "you_did": _any(
        r"\byou(?:'ve| have)? (?:\w+ )?(?:added|subtracted|multiplied|divided|calculated|found|used|did|made|got|said|mentioned"
        r"|took|assumed|counted|started|forgot|missed|wrote|included)\b"
    ),
    "operation": _any(r"\b(?:add|subtract|multipl|divid|minus|plus|times|sum|difference|product|quotient|fraction)\w*\b"),
    "move_on": _any(r"\b(?:keep (?:it|up|going|practic\w+)|ready|next (?:problem|question)|move on|practi[cs]e|continue|have fun)\b"),
    "sorry": _any(r"\b(?:sorry|apolog\w+)\b"),
    "leak": _any(r"###|\b(?:user|assistant|student|tutor)\s*:|\btutor response\b|\brevised response\b"),
}  # fmt: skip
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
_ORDERS = frozenset(
    """
    try look think consider use add subtract multiply divide calculate find check remember recall take start go see make
    write solve count read review compare double focus keep tell show explain notice note determine figure work break
    apply imagine draw set put simplify convert round reread
    """.split()
)
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
