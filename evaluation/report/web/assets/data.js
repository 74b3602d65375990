// What the evaluation found, as Python wrote it, and how each model looks wherever it appears.

const data = JSON.parse(document.getElementById("data").textContent);
const { models, messages, reasons, cases, columns, contestants, kinds } = data;
const columnPlaces = new Map(columns.map((column, place) => [column.name, place]));
const columnNamed = (name) => columns[columnPlaces.get(name)];
const valueOf = (reply, column) => reply?.values[columnPlaces.get(column.name)] ?? null;
const whyOf = (reply, column) => reasons[reply?.why?.[columnPlaces.get(column.name)]] ?? "";

// Told apart by shape as well as by colour.
const SHAPES = [
  "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
  "M-4-4h8v8h-8z",
  "M0-5.6L5.6 0L0 5.6L-5.6 0z",
  "M0-5L5.2 4.2H-5.2z",
  "M0 5L5.2-4.2H-5.2z",
  "M-5-1.8h3.2V-5h3.6v3.2H5v3.6H1.8V5h-3.6V1.8H-5z",
];
const RULE = "M-3.6-3.6L3.6 3.6M3.6-3.6L-3.6 3.6";

const looks = new Map();
for (const each of contestants.filter((each) => !each.control)) looks.set(each.name, looks.size);
for (const model of models.filter((model) => !contestants.some((each) => each.name === model))) {
  looks.set(model, looks.size);
}

function colourOf(name) {
  return looks.has(name) ? data.colours[looks.get(name) % data.colours.length] : data.grey;
}

function marker(name, attributes = {}) {
  const shape = looks.has(name) ? SHAPES[looks.get(name) % SHAPES.length] : RULE;
  const made = drawn("path", { d: shape, class: looks.has(name) ? "marker" : "marker rule", ...attributes });
  made.style.setProperty("--colour", colourOf(name));
  return made;
}

// A model's name with its mark before it.
function named(name) {
  return element(
    "span",
    { class: "model" },
    drawn("svg", { viewBox: "-7 -7 14 14", class: "swatch", "aria-hidden": "true" }, marker(name)),
    element("bdi", {}, name),
  );
}

const BETTER = { higher: "higher is better", lower: "lower is better", neither: "neither side is better" };
