// Every figure of every model in numbers, and the same by group.

function figuresTable(known) {
  return sortableTable({
    caption: "Means with 95 % intervals, and differences from the baseline",
    heads: [
      { label: "measure", key: (column) => column.label },
      { label: "n", number: true, key: (column) => figureOf(contestants[0], column, "overall")?.cases ?? null },
      ...others.map(levelHead),
      ...rivals.map((each) => ({
        label: `${each.name} − ${baseline}`,
        number: true,
        key: (column) => figureOf(each, column, "difference")?.at ?? null,
      })),
      ...bands.map(levelHead),
    ],
    rows: known,
    cells: (column) => [
      element("th", { scope: "row" }, columnLabel(column), element("small", {}, column.description)),
      element("td", { class: "number" }, mostCases(column)),
      others.map((each) => figureCell(figureOf(each, column, "overall"))),
      rivals.map((each) => differenceCell(column, figureOf(each, column, "difference"))),
      bands.map((each) => figureCell(figureOf(each, column, "overall"))),
    ],
  });
}

function levelHead(each) {
  return { label: named(each.name), number: true, key: (column) => figureOf(each, column, "overall")?.at ?? null };
}

function mostCases(column) {
  const counts = contestants.map((each) => figureOf(each, column, "overall")?.cases ?? 0);
  return Math.max(...counts).toLocaleString("en");
}

function differenceCell(column, found) {
  if (!found) return element("td", { class: "number none" }, "–");
  const [up, down] = column.better === "neither" ? ["more", "less"] : ["better", "worse"];
  const [ups, downs] = column.better === "lower" ? [found.lower, found.higher] : [found.higher, found.lower];
  const sure = { 1: "better beyond chance", "-1": "worse beyond chance" }[found.leads];
  const sign = sure && element("span", { role: "img", "aria-label": sure, title: sure }, found.leads > 0 ? "▲ " : "▼ ");
  return element(
    "td",
    { class: "number" },
    sign,
    found.text,
    element("small", {}, found.interval),
    element(
      "small",
      {},
      [found.chance && `p ${found.chance}`, found.effect && `d ${found.effect}`].filter(Boolean).join(" · "),
    ),
    element("small", {}, `${ups} ${up} · ${found.same} same · ${downs} ${down}`),
  );
}

// By group of one kind, for one column; a group's name leads to its cases.
function drawGroups(root) {
  const grouped = Object.keys(kinds);
  const known = columns.filter((column) =>
    players.some((each) => grouped.some((kind) => hasGroups(each, kind, column))),
  );
  if (!known.length) {
    document.querySelectorAll('#groups, nav a[href="#groups"]').forEach((found) => found.remove());
    return;
  }
  const start = known.find((column) => column.name === data.decides) ?? known[0];
  const chosen = {
    column: start.name,
    kind: grouped.find((kind) => players.some((each) => hasGroups(each, kind, start))),
  };
  const place = element("div");
  const choose = (key) => (value) => {
    chosen[key] = value;
    place.replaceChildren(groupsTable(columnNamed(chosen.column), chosen.kind));
  };
  root.append(
    element(
      "div",
      { class: "controls" },
      choice(
        "Measure",
        known.map((column) => [column.name, column.label]),
        chosen.column,
        choose("column"),
      ),
      choice(
        "By",
        grouped.map((kind) => [kind, kinds[kind]]),
        chosen.kind,
        choose("kind"),
      ),
    ),
    place,
  );
  choose("kind")(chosen.kind);
}

const hasGroups = (each, kind, column) => Object.values(each.groups[kind] ?? {}).some((found) => found[column.name]);

function groupsTable(column, kind) {
  const names = new Set(others.flatMap((each) => Object.keys(each.groups[kind] ?? {})));
  const at = (each, name) => each.groups[kind]?.[name]?.[column.name] ?? null;
  return sortableTable({
    caption: `${column.label} by ${kinds[kind]}${column.better === "higher" ? "" : ` (${BETTER[column.better]})`}`,
    heads: [
      { label: kinds[kind], key: (name) => name },
      { label: "n", number: true, key: (name) => Math.max(...others.map((each) => at(each, name)?.cases ?? 0)) },
      ...others.map((each) => ({
        label: named(each.name),
        number: true,
        key: (name) => at(each, name)?.at ?? null,
      })),
    ],
    rows: [...names].filter((name) => others.some((each) => at(each, name))),
    cells: (name) => [
      element(
        "th",
        { scope: "row" },
        element(
          "button",
          { type: "button", class: "link", title: "Show its cases", onclick: () => showGroup(kind, name, column) },
          element("bdi", {}, name.replaceAll("_", " ")),
        ),
      ),
      element("td", { class: "number" }, Math.max(...others.map((each) => at(each, name)?.cases ?? 0))),
      others.map((each) => figureCell(at(each, name))),
    ],
  });
}

function showGroup(kind, name, column) {
  setView({ ...emptied(), column: column.name, [kind]: name });
  document.getElementById("cases").scrollIntoView();
}
