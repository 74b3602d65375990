// Controls, replies that were made to win without teaching: bands behind the models' marks, and a table of all of them.

const bands = contestants.filter((each) => each.kind);
const others = contestants.filter((each) => !each.kind);
const familyOf = (each) => each.name.replace(/^control:/, "").replaceAll("_", " ");

function bandLegend() {
  if (!bands.length) return null;
  return element(
    "p",
    { class: "note" },
    element("span", { class: "band-swatch", "aria-hidden": "true" }),
    "A grey band is a control: replies that were made to win without teaching, the strongest of each kind, with its " +
      "95 % interval; the one that does best by a measure has its name there. A model whose mark stands in a band is " +
      "not told from such replies. ",
    element(
      "span",
      {},
      bands.map((each, place) => [
        place ? "; " : "",
        element("b", {}, familyOf(each)),
        ": ",
        element("bdi", {}, each.label),
      ]),
      ".",
    ),
  );
}

const knownOf = (column, kind) => bands.map((each) => [each, figureOf(each, column, kind)]).filter(([, found]) => found);
const inside = (percent) => Math.min(100, Math.max(0, percent));

// Behind everything else in a strip. `place` gives the percents of a value; what lies beyond the strip is cut off.
function controlBands(column, kind, place, height) {
  return knownOf(column, kind).map(([each, figure]) => {
    const ends = [inside(place(figure.low)), inside(place(figure.high))].sort((a, b) => a - b);
    return drawn(
      "rect",
      { class: "band", x: `${ends[0]}%`, width: `${Math.max(0.4, ends[1] - ends[0])}%`, y: 0, height },
      drawn("title", {}, `${familyOf(each)}, ${each.label}: ${figure.text} (${figure.interval})`),
    );
  });
}

// Of the control that does best by a column; of a column without a better side, nothing.
function bandName(column, place, height) {
  const known = knownOf(column, "overall");
  if (!known.length || column.better === "neither") return null;
  const sign = column.better === "lower" ? -1 : 1;
  const [each, figure] = known.reduce((best, other) => (sign * other[1].at > sign * best[1].at ? other : best));
  const x = inside(place(figure.at));
  const anchor = x > 75 ? "end" : x < 25 ? "start" : "middle";
  return drawn("text", { class: "band-name", x: `${x}%`, y: height - 2, "text-anchor": anchor }, familyOf(each));
}

function triedTable() {
  const { by, rows } = data.tried;
  if (!rows.length) return null;
  const text = (key) => (row) => row[key];
  return element(
    "details",
    { class: "tried" },
    element("summary", {}, `What was tried against “${columnNamed(data.decides)?.label}”: ${counted(rows.length, "control")}`),
    sortableTable({
      caption: `Replies made to win, beside ${by} on the same cases`,
      heads: [
        { label: "control", key: text("name") },
        { label: "kind", key: text("kind") },
        { label: "n", number: true, key: text("number") },
        { label: "not made", number: true, key: text("missing") },
        { label: "it gets", number: true, key: text("mean") },
        { label: by, number: true, key: text("beside") },
        { label: "behind by", number: true, key: text("lead") },
        { label: "beaten", key: text("beaten") },
      ],
      rows,
      cells: (row) => [
        element("th", { scope: "row" }, element("bdi", {}, row.name), element("small", {}, row.label)),
        element("td", {}, row.kind),
        ...["number", "missing", "mean", "beside", "lead"].map((key) =>
          element("td", { class: "number" }, row.shown[key] ?? "–", key === "lead" ? element("small", {}, row.shown.interval) : null),
        ),
        element("td", {}, row.beaten),
      ],
    }),
  );
}
