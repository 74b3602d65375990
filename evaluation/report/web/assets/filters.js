// The controls above the cases. They are made once; only the words of the verdicts follow the column that is chosen.

function drawFilters() {
  const choose = (key) => (value) => setView({ [key]: value });
  const compares = models.length > 1;
  const first = {
    find: searchField(),
    column: choice(
      "Compared by",
      columns.map((column) => [column.name, column.label]),
      view.column,
      choose("column"),
    ),
    candidate: models.length > 2 ? candidateField(choose("candidate")) : null,
    verdict: compares ? choice("Verdict", [["", "any"]], "", choose("verdict")) : null,
    order: compares ? choice("Order", Object.entries(ORDERS), view.order, choose("order")) : null,
  };
  const more = {
    only: onlyField(choose("only")),
    ...Object.fromEntries(Object.keys(kinds).map((kind) => [kind, kindField(kind, choose(kind))])),
  };
  const clear = element("button", { type: "button", onclick: () => setView(emptied()) }, "Clear filters");
  watchers.push((changes) => {
    if (compares && ("column" in changes || "candidate" in changes))
      nameVerdicts(first.verdict.querySelector("select"));
    for (const [key, field] of Object.entries({ ...first, ...more })) {
      const input = field?.querySelector("select, input");
      if (input && input.value !== view[key]) input.value = view[key];
    }
    clear.disabled = Object.keys(emptied()).every((key) => !view[key]);
  });
  return element(
    "form",
    { role: "search", onsubmit: (event) => event.preventDefault() },
    element("div", { class: "controls" }, Object.values(first)),
    element(
      "details",
      { class: "more", open: isWide },
      element("summary", {}, "More filters"),
      element("div", { class: "controls" }, Object.values(more), clear),
    ),
  );
}

function searchField() {
  let waiting = 0;
  const type = (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => setView({ find: event.target.value }), 120);
  };
  const input = element("input", {
    type: "search",
    placeholder: "words in a case or a reply",
    oninput: type,
    "aria-keyshortcuts": "/",
  });
  return element("label", { class: "find" }, element("span", {}, "Search"), input);
}

function candidateField(choose) {
  return choice(
    "Candidate",
    models.slice(1).map((model) => [model, model]),
    view.candidate,
    choose,
  );
}

function onlyField(choose) {
  const counts = Object.entries(ONLY).map(([key, [words, holds]]) => [key, words, cases.filter(holds).length]);
  const known = counts.filter(([, , count]) => count).map(([key, words, count]) => [key, `${words} (${count})`]);
  return known.length ? choice("Only cases", [["", "all"], ...known], view.only, choose) : null;
}

function kindField(kind, choose) {
  const counts = new Map();
  for (const group of cases.flatMap((each) => each.groups[kind] ?? [])) counts.set(group, (counts.get(group) ?? 0) + 1);
  const groups = [...counts].sort(([a], [b]) => a.localeCompare(b, "en"));
  const options = groups.map(([group, count]) => [group, `${group.replaceAll("_", " ")} (${count})`]);
  return choice(kinds[kind][0].toUpperCase() + kinds[kind].slice(1), [["", "any"], ...options], view[kind], choose);
}

function nameVerdicts(select) {
  const counts = {};
  for (const each of cases) counts[verdictOf(each)] = (counts[verdictOf(each)] ?? 0) + 1;
  const options = Object.entries(verdictWords()).map(([key, words]) => [key, `${words} (${counts[key] ?? 0})`]);
  const made = [["", "any"], ...options].map(([value, words]) => element("option", { value }, words));
  select.replaceChildren(...made);
  select.value = view.verdict;
}
