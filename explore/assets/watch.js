// Watching: what happened, on a line of time, and the figures of the training and of its monitors.

const NOT_DRAWN = ["tokens", "seconds"]; // they only grow
const RANKS = { high: 3, warn: 2, note: 1 };

function makeWatch() {
  const panel = element("div", { class: "watch" });
  const timeline = element("div", { class: "timeline" });
  const happened = element("ol", { class: "happened" });
  const more = element("button", { type: "button", class: "quiet", hidden: true, onclick: () => void older() }, "Older");
  const charts = element("div", { class: "charts" });
  const filter = element("input", { type: "search", placeholder: "Filter figures", "aria-label": "Filter figures", oninput: () => arrange() });
  const logarithm = element("input", { type: "checkbox", onchange: () => void load() });
  const whole = element("button", { type: "button", class: "quiet", hidden: true, onclick: () => zoom(null) }, "All steps", element("kbd", {}, "r"));
  const range = element("span", { class: "note range" });
  const tools = element("div", { class: "tools" }, filter, element("label", { class: "check" }, logarithm, "logarithmic", element("kbd", {}, "l")), whole, range);
  panel.append(
    element("section", { class: "past", "aria-label": "What happened" }, timeline, happened, more),
    tools,
    charts,
  );
  const known = new Map(); // charts by name
  let view = { first: null, last: null };
  let events = [];
  let alarms = [];
  let shownTo = 1;
  let open = null; // the id of what is told in full

  function zoom(first, last) {
    if (first !== null && last - first < 1) return;
    view = { first, last: first === null ? null : last };
    whole.hidden = first === null;
    void load();
  }

  function groups() {
    const drawn = state.logged.figures.filter((name) => !NOT_DRAWN.includes(name));
    const first = drawn.filter((name) => name === "loss");
    const found = new Map([["Training", [...first, ...drawn.filter((name) => name !== "loss")]]]);
    for (const name of state.logged.signals) {
      const monitor = name.slice(0, name.indexOf("."));
      found.set(monitor, [...(found.get(monitor) ?? []), name]);
    }
    return found;
  }

  const wanted = (name) => name.toLowerCase().includes(filter.value.trim().toLowerCase());

  // Lays the charts out anew where there are other figures than before.
  function arrange() {
    const parts = [];
    for (const [group, names] of groups()) {
      const shown = names.filter(wanted);
      if (!shown.length) continue;
      for (const name of shown) {
        if (!known.has(name)) known.set(name, makeChart(name, group === "Training" ? name.replaceAll("_", " ") : name.slice(group.length + 1).replaceAll("_", " "), zoom));
      }
      const earlier = [...charts.querySelectorAll("details")].find((each) => each.dataset.group === group);
      parts.push(
        element(
          "details",
          { "data-group": group, open: earlier ? earlier.open : true, ontoggle: () => void load() },
          element("summary", {}, group === "Training" ? group : `Monitor: ${group}`, element("small", {}, counted(shown.length, "figure"))),
          element("div", { class: "grid" }, shown.map((name) => known.get(name).node)),
        ),
      );
    }
    const none = filter.value ? "No figure is called so." : state.state === "running" ? "Nothing is logged yet: the first figures come with the first steps." : "This run logged nothing. Go on with it, and figures appear here as they come.";
    charts.replaceChildren(...(parts.length ? parts : [element("p", { class: "empty" }, none)]));
    void load();
  }

  const load = oneAtATime(async () => {
    const nodes = [...charts.querySelectorAll("details[open] .chart")];
    const names = nodes.map((node) => node.dataset.name).slice(0, 64);
    if (!names.length || panel.hidden) return;
    const width = Math.max(...nodes.map((node) => node.clientWidth), 200) - EDGE.left - EDGE.right;
    const told = { names, width: Math.round(width) };
    if (view.first !== null) Object.assign(told, view);
    const found = await ask("/series", told);
    const strong = alarms.filter((alarm) => RANKS[alarm.severity] > 1 && alarm.step >= found.first && alarm.step <= found.last);
    for (const [name, series] of Object.entries(found.series)) {
      if (series.steps.length) known.get(name)?.draw(series, { first: found.first, last: found.last, alarms: strong, logarithmic: logarithm.checked });
    }
    range.textContent = view.first === null ? "drag over a chart to look closer" : `steps ${found.first.toLocaleString("en")} to ${found.last.toLocaleString("en")}`;
  });

  const past = oneAtATime(async () => {
    const found = await ask("/happened");
    ({ alarms, events } = found);
    more.hidden = alarms.length < 300;
    drawPast();
    void load();
  });

  async function older() {
    const found = await ask("/happened", { before: alarms.at(-1)?.id });
    alarms = [...alarms, ...found.alarms];
    more.hidden = found.alarms.length < 300;
    drawPast();
  }

  function drawPast() {
    shownTo = Math.max(state.steps ?? 0, state.step ?? 0, 1);
    const all = [
      ...alarms.map((each) => ({ ...each, key: `s${each.id}`, kind: each.severity, title: `${each.monitor}: ${each.name.replaceAll("_", " ")}` })),
      ...events.map((each) => ({ ...each, key: `e${each.id}`, kind: each.who === "operator" ? "operator" : "event", title: each.who === "operator" ? `${each.what} (operator)` : each.what })),
    ].sort((one, other) => other.step - one.step || (other.at > one.at ? 1 : -1));
    drawTimeline(all);
    happened.replaceChildren(
      ...(all.length ? all.slice(0, 400).map(drawHappened) : [element("li", { class: "empty" }, nothingHappened())]),
    );
  }

  function nothingHappened() {
    if (state.marks.signals) return "Nothing to complain of so far: no monitor has raised an alarm, and nobody has intervened.";
    return "No monitor has said anything yet. Monitors are chosen by the key monitors of the training's configuration.";
  }

  function drawHappened(each) {
    const item = element(
      "li",
      { class: each.kind, "data-key": each.key },
      element("button", { type: "button", class: "row", "aria-expanded": String(open === each.key), onclick: () => {
        open = open === each.key ? null : each.key;
        drawPast();
      } },
        element("span", { class: "dot", "aria-hidden": "true" }),
        element("span", { class: "step" }, each.step.toLocaleString("en")),
        element("span", { class: "what" }, element("b", {}, each.title), each.said ? ` ${each.said}` : ""),
      ),
    );
    if (open === each.key) item.append(drawEvidence(each));
    return item;
  }

  function drawEvidence(each) {
    const evidence = each.evidence && typeof each.evidence === "object" ? Object.entries(each.evidence) : [];
    return element(
      "div",
      { class: "evidence" },
      element("p", { class: "note" }, `${each.severity ? `severity ${each.severity}, ` : ""}${new Date(each.at).toLocaleString()}`),
      each.value !== null && each.value !== undefined && element("p", { class: "note" }, `value ${short(each.value)}`),
      evidence.map(([key, value]) => [element("h4", {}, key.replaceAll("_", " ")), element("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 1))]),
    );
  }

  function drawTimeline(all) {
    const width = Math.max(timeline.clientWidth, 200);
    const x = (step) => 6 + ((width - 12) * step) / shownTo;
    const mark = (each) =>
      drawn("circle", { class: `mark ${each.kind}`, cx: x(each.step), cy: 20, r: RANKS[each.kind] === 3 ? 6 : 4.5, onclick: () => {
        open = each.key;
        drawPast();
        happened.querySelector(`[data-key="${each.key}"]`)?.scrollIntoView({ block: "nearest" });
      } }, drawn("title", {}, `step ${each.step.toLocaleString("en")}: ${each.title} ${each.said ?? ""}`));
    const ordered = [...all].sort((one, other) => (RANKS[one.kind] ?? 0) - (RANKS[other.kind] ?? 0));
    timeline.replaceChildren(
      drawn(
        "svg",
        { width, height: 52, viewBox: `0 0 ${width} 52`, role: "img", "aria-label": `Time line: ${counted(alarms.length, "alarm")}, ${counted(events.length, "event")}` },
        drawn("line", { class: "whole", x1: 6, x2: width - 6, y1: 20, y2: 20 }),
        drawn("line", { class: "done", x1: 6, x2: x(state.step ?? 0), y1: 20, y2: 20 }),
        (state.checkpoints ?? []).map((step) => drawn("path", { class: "kept", d: `M${x(step)},26l4,7h-8z` }, drawn("title", {}, `checkpoint at step ${step.toLocaleString("en")}`))),
        ordered.map(mark),
        ticks(0, shownTo, Math.max(2, Math.floor(width / 130))).map((step) => drawn("text", { class: "tick", x: x(step), y: 48, "text-anchor": step === 0 ? "start" : x(step) > width - 40 ? "end" : "middle" }, step.toLocaleString("en"))),
      ),
    );
  }

  return {
    panel,
    hear(marks, changed) {
      if (changed("figures") || changed("signals")) void load();
      if (changed("signals") || changed("events")) void past();
      else drawPast();
    },
    show() {
      arrange();
      void past();
    },
    arrange,
    focus: () => filter.focus(),
    press(key) {
      if (key === "r") zoom(null);
      else if (key === "l") logarithm.click();
      else return false;
      return true;
    },
  };
}
