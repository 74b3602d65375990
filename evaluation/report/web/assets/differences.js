// Which words of two texts the other lacks, by their longest common subsequence of words.

// Scripts that set no spaces between words go sign by sign; a punctuation mark is a word of its own, but for those
// inside a number, as in 5/6.
const SIGNS = "\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const MARKS = "!-\\/:-@\\[-`{-~\\xa1-\\xbf\\u2010-\\u2027\\u2030-\\u205e\\u3001-\\u303f\\uff01-\\uff0f\\uff1a-\\uff20";
const WORDS = new RegExp(`\\s+|[0-9]+(?:[.,:/][0-9]+)+|[${SIGNS}${MARKS}]|[^\\s${SIGNS}${MARKS}]+`, "gu");
const MOST_CELLS = 4_000_000;

const wordsOf = (text) => text.match(WORDS) ?? [];

// For each of the two texts its pieces, [text, whether the other lacks it], which joined give the text again.
function differences(before, after) {
  const [left, right] = [wordsOf(before), wordsOf(after)];
  let head = 0;
  while (head < Math.min(left.length, right.length) && left[head] === right[head]) head += 1;
  let tail = 0;
  const most = Math.min(left.length, right.length) - head;
  while (tail < most && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const [own, theirs] = unshared(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  const around = (inner) => [...Array(head).fill(false), ...inner, ...Array(tail).fill(false)];
  return [pieces(left, around(own)), pieces(right, around(theirs))];
}

// For each word of the two lists whether it is left out of the common subsequence. Lists too long to compare share
// none.
function unshared(left, right) {
  const own = Array(left.length).fill(true);
  const theirs = Array(right.length).fill(true);
  const width = right.length + 1;
  if ((left.length + 1) * width > MOST_CELLS) return [own, theirs];
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      const here = row * width + column;
      lengths[here] =
        left[row] === right[column]
          ? lengths[here + width + 1] + 1
          : Math.max(lengths[here + width], lengths[here + 1]);
    }
  }
  for (let row = 0, column = 0; row < left.length && column < right.length;) {
    const here = row * width + column;
    if (left[row] === right[column]) {
      own[row] = theirs[column] = false;
      row += 1;
      column += 1;
    } else if (lengths[here + width] >= lengths[here + 1]) row += 1;
    else column += 1;
  }
  return [own, theirs];
}

// Runs of words of one kind, as one piece each. Space and punctuation between two words that the other text lacks count
// as lacking too, so that marks run on.
function pieces(words, own) {
  const isWord = words.map((word) => /[\p{L}\p{N}]/u.test(word));
  const beside = (place, way) => {
    let at = place + way;
    while (at in words && !isWord[at]) at += way;
    return Boolean(own[at]);
  };
  const found = [];
  words.forEach((word, place) => {
    const inside = () => beside(place, -1) && beside(place, 1);
    const marked = isWord[place] ? own[place] : inside() || (own[place] && word.trim() !== "");
    const last = found.at(-1);
    if (last && last[1] === marked) last[0] += word;
    else found.push([word, marked]);
  });
  return found;
}
