// The cases that the filters leave. The list grows as it is scrolled, so that thousands cost no more than hundreds.

const CHUNK = 100;

function drawList() {
  const list = element("ol", { class: "list" });
  const count = element("p", { class: "count", role: "status" });
  const watch = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && grow(), { root: list });
  let items = new Map();

  function grow(upTo = items.size + CHUNK) {
    watch.disconnect();
    for (const each of matched.slice(items.size, upTo)) {
      const item = listItem(each);
      items.set(each.name, item);
      list.append(item);
    }
    if (items.size < matched.length) watch.observe(list.lastElementChild);
  }

  function refill() {
    items = new Map();
    list.replaceChildren();
    list.scrollTop = 0;
    grow();
    count.textContent = `${matched.length.toLocaleString("en")} of ${counted(cases.length, "case")}`;
  }

  function point() {
    list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const place = matched.findIndex((each) => each.name === view.case);
    if (place < 0) return;
    if (place >= items.size) grow(place + CHUNK);
    const item = items.get(view.case);
    item.firstElementChild.setAttribute("aria-current", "true");
    const [above, below] = [item.offsetTop - list.scrollTop, item.offsetTop + item.offsetHeight - list.clientHeight];
    if (above < 0 || below > list.scrollTop) list.scrollTop = item.offsetTop - list.clientHeight / 3;
  }

  watchers.push((changes) => {
    if (Object.keys(changes).some((key) => key !== "case")) refill();
    point();
  });
  return element("div", { class: "index" }, count, list);
}

function listItem(each) {
  const verdict = verdictOf(each);
  const trouble = ["error", "silent"].find((kind) => ONLY[kind][1](each));
  const troubled = trouble ? element("span", { class: "caution" }, `⚠ ${trouble}`) : null;
  return element(
    "li",
    {},
    element(
      "a",
      { href: addressOf({ ...defaults, case: each.name }), onclick: (event) => openCase(event, each.name) },
      models.length > 1
        ? element(
            "span",
            { class: `verdict ${verdict}`, role: "img", "aria-label": verdictWords()[verdict] },
            GLYPHS[verdict],
          )
        : null,
      element("b", {}, element("bdi", {}, each.name), troubled),
      element("span", { class: "learner", dir: "auto" }, asked(each)),
    ),
  );
}

// The last words before the first reply, on one line.
function asked(each) {
  const place = each.rounds[0].replies.find(Boolean).shown.at(-1);
  return place === undefined ? "" : messages[place][1].slice(0, 160);
}

function openCase(event, name) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  setView({ case: name });
  showDetail();
}

// The case so many places after the one that is shown; the first where that one is not among those matched.
function step(by) {
  if (!matched.length) return;
  const place = matched.findIndex((each) => each.name === view.case);
  const next = place < 0 ? 0 : Math.min(matched.length - 1, Math.max(0, place + by));
  setView({ case: matched[next].name });
}
