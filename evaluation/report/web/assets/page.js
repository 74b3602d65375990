// The page: sections filled, the case that is asked for shown, keys, and what is printed.

const MOST_PRINTED = 50;
const detail = element("div", { class: "detail", tabindex: "-1", role: "region", "aria-label": "The case" });

function drawCases(root) {
  const place = element("p", { class: "place", role: "status" });
  const marks = element("input", {
    type: "checkbox",
    checked: marking,
    onchange: () => {
      marking = marks.checked;
      redraw();
    },
  });
  const bar = element(
    "div",
    { class: "bar" },
    element("button", { type: "button", onclick: () => step(-1), "aria-keyshortcuts": "k" }, "← Previous"),
    element("button", { type: "button", onclick: () => step(1), "aria-keyshortcuts": "j" }, "Next →"),
    place,
    models.length > 1 ? element("label", { class: "tick" }, marks, "mark differing words") : null,
  );
  const content = element("div");

  function redraw() {
    const each = caseNamed.get(view.case);
    const at = matched.indexOf(each);
    place.textContent = at < 0 ? "" : `Case ${(at + 1).toLocaleString("en")} of ${matched.length.toLocaleString("en")}`;
    if (each) content.replaceChildren(drawCase(each));
    else
      content.replaceChildren(
        element(
          "p",
          { class: "empty" },
          view.case ? `No case is called “${view.case}”.` : "No case is left by these filters.",
        ),
      );
  }

  detail.append(bar, content);
  root.append(
    element(
      "p",
      { class: "note keys" },
      element("kbd", {}, "j"),
      " next, ",
      element("kbd", {}, "k"),
      " previous, ",
      element("kbd", {}, "/"),
      " search. The address always leads back to what is shown.",
    ),
    drawFilters(),
    element("div", { class: "browser" }, drawList(), detail),
  );
  watchers.push(redraw);
}

const caseNamed = new Map(cases.map((each) => [each.name, each]));

function showDetail() {
  if (detail.getBoundingClientRect().top > innerHeight * 0.6) detail.scrollIntoView();
}

function showAddress() {
  if (readAddress()) document.querySelector(".browser").scrollIntoView();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") document.querySelector("input[type=search]").focus();
  else return;
  event.preventDefault();
}

// On paper there is no browser: what the filters leave is printed whole, up to a limit.
function print() {
  const some = matched.slice(0, MOST_PRINTED);
  const words =
    some.length < matched.length ? `The first ${some.length} of ${matched.length} cases` : counted(some.length, "case");
  document.getElementById("printed").replaceChildren(element("h2", {}, words), ...some.map(drawCase));
}

drawFigures(document.getElementById("figures"));
drawGroups(document.getElementById("groups"));
if (cases.length) {
  drawCases(document.getElementById("cases"));
  showAddress();
  addEventListener("hashchange", () => location.hash.includes("=") && showAddress());
  addEventListener("keydown", onKey);
  addEventListener("beforeprint", print);
  addEventListener("afterprint", () => document.getElementById("printed").replaceChildren());
} else document.getElementById("cases").append(element("p", {}, "There are no replies."));
