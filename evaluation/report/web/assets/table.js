// A table that a click on a heading sorts: one way, the other way, and as it was.

// `heads` are {label, key(row), number}; `cells(row)` gives a table row's cells. Rows without a key stay at the end.
function sortableTable({ caption, heads, rows, cells }) {
  const body = element("tbody");
  const titles = heads.map((head, place) =>
    element(
      "th",
      { scope: "col", class: head.number ? "number" : null },
      element(
        "button",
        { type: "button", onclick: () => sort(place) },
        element("i", { "aria-hidden": "true" }),
        head.label,
      ),
    ),
  );
  let way = 0;
  let by = -1;

  function sort(place) {
    const ways = heads[place].number ? [-1, 1, 0] : [1, -1, 0];
    way = place === by ? ways[(ways.indexOf(way) + 1) % 3] : ways[0];
    by = place;
    titles.forEach((title, index) => {
      if (index === place && way) title.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      else title.removeAttribute("aria-sort");
    });
    fill(way ? [...rows].sort((a, b) => compared(heads[place].key(a), heads[place].key(b), way)) : rows);
  }

  function fill(sorted) {
    body.replaceChildren(...sorted.map((row) => element("tr", {}, cells(row))));
  }

  fill(rows);
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, titles)), body),
  );
}

function compared(a, b, way) {
  if (a === null || b === null) return (a === null) - (b === null);
  return way * (typeof a === "string" ? a.localeCompare(b, "en") : a - b);
}

// A figure over its interval.
function figureCell(found) {
  if (!found) return element("td", { class: "number none" }, "–");
  return element("td", { class: "number" }, found.text, element("small", {}, found.interval));
}
