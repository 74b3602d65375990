// Means with their intervals, differences from the baseline beside them, and a table that has it all in numbers.

const LANE = 14;
const none = () => null;
const NAMED = 8; // below the lanes, for the name of a control
const players = contestants.filter((each) => !each.control);
const baseline = contestants.find((each) => each.baseline)?.name ?? models[0] ?? "";
const figureOf = (contestant, column, kind) => contestant.figures[column.name]?.[kind] ?? null;
const rivals = players.filter((each) => columns.some((column) => figureOf(each, column, "difference")));

const PANELS = [
  { title: "Shares and scores", holds: (column) => column.share && column.better !== "neither" },
  { title: "In units of their own", holds: (column) => !column.share && column.better !== "neither" },
  { title: "Described, for neither side is better", holds: (column) => column.better === "neither" },
];

function drawFigures(root) {
  const known = columns.filter((column) => contestants.some((each) => figureOf(each, column, "overall")));
  root.append(legend());
  for (const { title, holds } of PANELS) {
    const found = known.filter(holds);
    if (found.length) root.append(panel(title, found));
  }
  root.append(element("h3", {}, "All figures"), figuresTable(known), triedTable() ?? "");
}

function legend() {
  const words = rivals.length
    ? "A line is a 95 % interval. On the right, differences from the baseline: a filled mark is beyond chance after " +
      "Holm’s correction, a hollow one may be chance alone."
    : "A line is a 95 % interval.";
  return element(
    "div",
    { class: "legend" },
    element(
      "p",
      {},
      players.map((each) => named(each.name)),
    ),
    element("p", { class: "note" }, words),
    bandLegend(),
  );
}

// One row per column. Shares have one axis for all of them, written above; any other column has its own, below it.
function panel(title, found) {
  const shares = found.every((column) => column.share);
  const reach = shares ? reachOf(found) : 0;
  return element(
    "figure",
    { class: rivals.length ? "panel" : "panel alone" },
    element("figcaption", {}, title),
    element(
      "div",
      { class: "plot-row head", "aria-hidden": "true" },
      element("span"),
      shares ? strip(ticks(0, 1), 0) : element("span"),
      rivals.length ? element("div", {}, sides(found[0]), shares ? strip(gapTicks(reach, true), 0) : null) : null,
    ),
    found.map((column) => plotRow(column, reach)),
  );
}

function sides(column) {
  const other = rivals.length === 1 ? rivals[0].name : "the other";
  const words =
    column.better === "neither" ? [`← less than ${baseline}`, "more →"] : [`← ${baseline} better`, `${other} better →`];
  return element(
    "p",
    { class: "sides" },
    words.map((word) => element("bdi", {}, word)),
  );
}

// `reach` is how far the axis of differences goes either way; 0 leaves it to the row.
function plotRow(column, reach) {
  const levels = players.map((each) => figureOf(each, column, "overall"));
  const axis = column.share ? [0, 1] : spanOf(levels);
  const place = (value) => (100 * (value - axis[0])) / (axis[1] - axis[0] || 1);
  const gaps = players.map((each) => figureOf(each, column, "difference"));
  const far = reach || reachOf([column]);
  const sign = column.better === "lower" ? -1 : 1;
  const gapPlace = (value) => 50 + (50 * sign * value) / far;
  return element(
    "div",
    { class: "plot-row" },
    columnLabel(column),
    strip(ticks(...axis), players.length, {
      marks: players.map((each, lane) => intervalMark(each, levels[lane], lane, place, true)),
      words: `${column.label}: ${spoken(levels)}`,
      numbered: !reach,
      behind: (height) => controlBands(column, "overall", place, height),
      above: (height) => bandName(column, place, height),
    }),
    rivals.length
      ? strip(gapTicks(far, column.share), players.length, {
          marks: players.map((each, lane) => intervalMark(each, gaps[lane], lane, gapPlace, gaps[lane]?.leads)),
          words: `${column.label}, differences from ${baseline}: ${spoken(gaps)}`,
          numbered: !reach,
          middle: true,
          behind: (height) => controlBands(column, "difference", gapPlace, height),
        })
      : null,
  );
}

function columnLabel(column) {
  return element(
    "div",
    { class: "column" },
    element("span", { title: column.description }, column.label),
    column.better === "lower" ? element("small", {}, BETTER.lower) : null,
    column.caution ? element("small", { class: "caution" }, `⚠ ${column.caution}`) : null,
  );
}

// One drawing: a grid line at each tick ([place in percent, words]) and lanes of marks. What stands at the ticks hangs
// below it; where a common axis is written above, only narrow screens show it.
function strip(found, lanes, { marks = [], words = "", numbered = true, middle = false, behind = none, above = none } = {}) {
  const height = lanes ? lanes * LANE + 6 + (bands.length ? NAMED : 0) : 1; // at 0 nothing would be drawn
  const lines = found.map(([x]) =>
    drawn("line", { x1: `${x}%`, x2: `${x}%`, y1: 0, y2: height, class: middle && x === 50 ? "zero" : "grid" }),
  );
  const labels = found.map(([x, text]) => drawn("text", { x: `${x}%`, y: height + 12, class: "tick" }, text));
  const seen = words ? { role: "img", "aria-label": words } : { "aria-hidden": "true" };
  return drawn("svg", { class: numbered ? "strip numbered" : "strip", height, ...seen }, behind(height), lines, labels, above(height), marks);
}

function intervalMark(contestant, found, lane, place, filled) {
  if (!found) return null;
  const y = lane * LANE + LANE / 2 + 3;
  const ends = { x1: `${place(found.low)}%`, x2: `${place(found.high)}%`, y1: y, y2: y };
  return drawn(
    "g",
    {},
    drawn("title", {}, `${contestant.name}: ${found.text} (${found.interval})`),
    drawn("line", { ...ends, class: "interval" }),
    drawn(
      "svg",
      { x: `${place(found.at)}%`, y, overflow: "visible" },
      marker(contestant.name, { "data-hollow": !filled }),
    ),
  );
}

function spoken(found) {
  return players
    .map((each, place) => found[place] && `${each.name} ${found[place].text} (${found[place].interval})`)
    .filter(Boolean)
    .join("; ");
}

function spanOf(found) {
  const known = found.filter(Boolean);
  const low = Math.min(0, ...known.map((each) => each.low));
  return [low, Math.max(...known.map((each) => each.high), low + 1e-9)];
}

// How far the differences of some columns reach from nothing, either way.
function reachOf(found) {
  const ends = found.flatMap((column) =>
    rivals
      .map((each) => figureOf(each, column, "difference"))
      .filter(Boolean)
      .flatMap((gap) => [gap.low, gap.high]),
  );
  return 1.04 * Math.max(1e-9, ...ends.map(Math.abs));
}

// Round numbers from low to high, as [place in percent, words]; of shares the quarters.
function ticks(low, high) {
  if (low === 0 && high === 1) return [0, 25, 50, 75, 100].map((x) => [x, `${x} %`]);
  const step = roundStep((high - low) / 3);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high * (1 + 1e-9); at += step) {
    found.push([(100 * (at - low)) / (high - low), short(at)]);
  }
  return found;
}

function gapTicks(reach, share) {
  const step = roundStep(reach / 2);
  const found = [];
  for (let at = -Math.floor(reach / step); at <= Math.floor(reach / step); at += 1) {
    const size = Math.abs(at * step);
    found.push([50 + (50 * at * step) / reach, share ? short(100 * size) : short(size)]);
  }
  return found;
}

function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].find((digit) => digit * power >= least * 0.999) * power;
}

const short = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
