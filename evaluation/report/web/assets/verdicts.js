// Which model a case speaks for, by the column that was chosen, and which cases the filters leave.

const anyReply = (holds) => (each) => each.rounds.some(({ replies }) => replies.some((reply) => reply && holds(reply)));
const ONLY = {
  error: ["with an error", anyReply((reply) => reply.error)],
  silent: ["of which a learner sees nothing", anyReply((reply) => reply.silence)],
  thought: ["with thoughts before a reply", anyReply((reply) => reply.reasoning)],
  odd: ["with a remark", anyReply((reply) => reply.remarks)],
  cut: ["with a reply cut short", anyReply((reply) => reply.cut)],
  sound: ["wrong, but soundly reasoned", anyReply((reply) => reply.sound)],
  seen: ["seen in training", anyReply((reply) => reply.seen)],
  abstained: [
    "where a judge abstained",
    anyReply((reply) => Object.values(reply.notes ?? {}).some((note) => note.abstained)),
  ],
};
const ORDERS = { "": "as in the suite", gain: "greatest gain first", loss: "greatest loss first" };
const GLYPHS = { candidate: "▲", baseline: "▼", same: "=", none: "·" };

function verdictWords() {
  const better = columnNamed(view.column)?.better !== "neither";
  return {
    candidate: `${view.candidate} ${better ? "better" : "more"}`,
    same: "the same",
    baseline: better ? `${models[0]} better` : `${view.candidate} less`,
    none: "not compared",
  };
}

// Candidate minus baseline on the first replies, the mean over samples, positive where the candidate is better.
function gainOf(each) {
  const place = columnPlaces.get(view.column);
  const other = models.indexOf(view.candidate);
  let [sum, count] = [0, 0];
  for (const { turn, replies } of each.rounds) {
    const [before, after] = [replies[0]?.values[place] ?? null, replies[other]?.values[place] ?? null];
    if (turn === 0 && before !== null && after !== null) {
      sum += after - before;
      count += 1;
    }
  }
  const sign = columnNamed(view.column)?.better === "lower" ? -1 : 1;
  return count && other > 0 ? (sign * sum) / count : null;
}

function verdictOf(each) {
  const gain = gainOf(each);
  if (gain === null) return "none";
  return Math.abs(gain) < 1e-9 ? "same" : gain > 0 ? "candidate" : "baseline";
}

function matching() {
  const words = view.find.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = Object.keys(kinds).filter((kind) => view[kind]);
  const only = ONLY[view.only]?.[1];
  const found = cases.filter(
    (each) =>
      wanted.every((kind) => each.groups[kind]?.includes(view[kind])) &&
      (!only || only(each)) &&
      (!view.verdict || verdictOf(each) === view.verdict) &&
      words.every((word) => haystackOf(each).includes(word)),
  );
  return view.order ? byGain(found, view.order === "gain" ? -1 : 1) : found;
}

function byGain(found, way) {
  const keyed = found.map((each) => [gainOf(each), each]);
  return keyed.sort(([a], [b]) => compared(a, b, way)).map(([, each]) => each);
}

// All that can be searched of a case, in small letters; made when first asked for.
const haystacks = new Map();

function haystackOf(each) {
  if (!haystacks.has(each)) {
    const said = each.rounds.flatMap(({ replies }) =>
      replies.filter(Boolean).flatMap((reply) => [reply.text, reply.reasoning ?? "", ...reply.shown.map((place) => messages[place][1])]),
    );
    const texts = [each.name, each.criteria, ...Object.values(each.groups).flat(), ...new Set(said)];
    haystacks.set(each, texts.join("\n").toLowerCase());
  }
  return haystacks.get(each);
}
