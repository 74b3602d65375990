// What the browser of cases shows: one object, kept in the address after "#", so that a link leads to the same view.

const defaults = {
  case: "",
  candidate: models[1] ?? models[0] ?? "",
  column:
    columnNamed(data.decides)?.name ??
    (columns.find((column) => column.better !== "neither") ?? columns[0])?.name ??
    "",
  verdict: "",
  only: "",
  order: "",
  find: "",
  ...Object.fromEntries(Object.keys(kinds).map((kind) => [kind, ""])),
};
const view = { ...defaults };
const watchers = [];
let matched = [];
let writing = 0;

function setView(changes) {
  Object.assign(view, changes);
  if (!("case" in changes)) match();
  // Browsers refuse an address that changes a hundred times in a row, as it would under a held key.
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, "", addressOf(view)), 150);
  watchers.forEach((watcher) => watcher(changes));
}

// Filters again; a case that they take away gives its place to the first that they leave.
function match() {
  matched = matching();
  if (!matched.some((each) => each.name === view.case)) view.case = matched[0]?.name ?? "";
}

function addressOf(wanted) {
  return `#${new URLSearchParams(Object.entries(wanted).filter(([key, value]) => value !== defaults[key]))}`;
}

// Reads the address. One without "=" leads to a section of the page and changes nothing here.
function readAddress() {
  const address = location.hash.slice(1);
  const asked = address.includes("=");
  const wanted = new URLSearchParams(asked ? address : "");
  for (const key of Object.keys(defaults)) view[key] = wanted.get(key) ?? defaults[key];
  if (!models.includes(view.candidate)) view.candidate = defaults.candidate;
  if (!columnPlaces.has(view.column)) view.column = defaults.column;
  const name = view.case;
  match();
  if (name) view.case = name;
  watchers.forEach((watcher) => watcher(view));
  return asked;
}

// No filters at all.
function emptied() {
  return Object.fromEntries(["verdict", "only", "find", ...Object.keys(kinds)].map((key) => [key, ""]));
}
