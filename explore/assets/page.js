// The page: its bar, its tabs and keys, and what to do when there is nothing to show.

const bar = document.getElementById("bar");
const tabs = document.getElementById("tabs");
const main = document.getElementById("main");
const said = document.getElementById("said");
const TABS = [
  ["watch", "Watch", makeWatch, "run"],
  ["chat", "Chat", makeChat],
  ["listen", "Listen", makeListen, "run"],
  ["journal", "Journal", makeJournal, "run"],
  ["inside", "Inside", makeInside],
  ["scores", "Scores", makeScores, "run"],
];
const KEYS = [
  ["1 to 6", "go to a tab"],
  ["/", "write: the filter, what you say, the sentence to look into; Esc leaves it"],
  ["p", "pause, or resume"],
  ["c", "write a checkpoint"],
  ["n", "begin a conversation anew"],
  ["r, l", "all steps again; logarithmic charts"],
  ["← →", "on a chart: read its points, with Shift ten at once"],
  ["?", "these keys"],
];

let state = null;
const made = new Map();
let current = null;
let forgetting = null;

function tell(text, kind = "") {
  said.textContent = text;
  said.className = kind;
  clearTimeout(forgetting);
  if (text && !kind) forgetting = setTimeout(() => tell(""), 6000);
}

const LIVELY = { running: "training", paused: "paused", complete: "finished", interrupted: "interrupted", failed: "failed", damaged: "damaged" };

const WHY = { failed: "It failed", paused: "Paused" };

function drawBar() {
  const share = state.steps ? Math.min(1, (state.step ?? 0) / state.steps) : 0;
  const meter = element("div", { class: "meter", "aria-hidden": "true" }, element("i"));
  meter.firstChild.style.width = `${100 * share}%`;
  const figures = [
    state.steps ? `step ${(state.step ?? 0).toLocaleString("en")} of ${state.steps.toLocaleString("en")}` : null,
    state.state === "running" && state.speed ? `${Math.round(state.speed).toLocaleString("en")} tokens/s` : null,
    state.reading ? `reading what was logged: ${state.marks.figures.toLocaleString("en")} lines` : null,
  ].filter(Boolean);
  const menu = bar.querySelector(".menu")?.open;
  const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.word : null;
  bar.replaceChildren(
    element("p", { class: "who" }, element("bdi", {}, state.name)),
    state.kind === "run" && element("p", { class: `pill ${state.state}`, "data-state": state.state }, LIVELY[state.state] ?? state.state),
    element("p", { class: "place" }, figures.join(" · ")),
    element("div", { class: "buttons" }, operateButtons(), element("button", { type: "button", class: "quiet keys-button", onclick: showHelp }, "Keys", element("kbd", {}, "?"))),
    ...(state.kind === "run" ? [meter] : []),
  );
  if (menu && bar.querySelector(".menu")) bar.querySelector(".menu").open = true;
  if (focused) bar.querySelector(`[data-word="${focused}"]`)?.focus();
  const why = state.trouble || (state.why && state.state in WHY ? `${WHY[state.state]}: ${state.why}` : "");
  if (why) bar.append(element("p", { class: "caution why" }, why));
  document.title = `${state.state === "running" && state.steps ? `${Math.floor(100 * share)} % · ` : state.state === "paused" ? "paused · " : ""}${state.name}`;
}

const offered = () => TABS.filter(([, , , wants]) => wants !== "run" || state.kind === "run");

function drawTabs() {
  tabs.replaceChildren(
    ...offered().map(([name, label], place) =>
      element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === current), tabindex: name === current ? 0 : -1, onclick: () => go(name) }, label, element("kbd", {}, String(place + 1))),
    ),
  );
}

function go(name) {
  const [, label, make] = TABS.find(([each]) => each === name);
  current = name;
  history.replaceState(null, "", `#${name}`);
  if (!made.has(name)) {
    const tab = make();
    tab.panel.id = `panel-${name}`;
    tab.panel.setAttribute("role", "tabpanel");
    tab.panel.setAttribute("aria-label", label);
    made.set(name, tab);
    main.append(tab.panel);
  }
  for (const [each, tab] of made) tab.panel.hidden = each !== name;
  drawTabs();
  made.get(name).show();
}

// Takes in how things stand now; asks for the lists anew where they may have changed.
const refresh = oneAtATime(async () => {
  const before = state;
  state = await ask("/state");
  drawBar();
  const listed = (from) => JSON.stringify([from?.models, from?.logged, from?.pictures, from?.state]);
  if (before && listed(before) !== listed(state)) for (const tab of made.values()) tab.arrange();
});

async function hear(news) {
  tellLost(false);
  if (news.kind === "gone") return gone();
  if (state.created && news.created !== state.created) return location.reload(); // another run under this name
  const before = state;
  const changed = (key) => before.marks[key] !== news.marks[key];
  state = { ...state, ...news };
  drawBar();
  const lists = before.state !== news.state || String(before.checkpoints) !== String(news.checkpoints) || changed("signals") || changed("pictures") || changed("named");
  if (lists) await refresh();
  if (state.kind !== "gone") for (const [name, tab] of made) if (name === current) tab.hear(news.marks, changed);
}

function tellLost(lost) {
  document.body.classList.toggle("lost", lost);
  if (lost) tell("Nobody answers. The page goes on by itself once it is started again: espalier explore " + (state?.name ?? ""), "alarm");
  else if (said.classList.contains("alarm") && said.textContent.startsWith("Nobody answers.")) tell("");
}

function gone() {
  state = { ...state, kind: "gone" };
  locked("This run was removed.", `runs/${state.name} is no longer there, so there is nothing to show. Once a run of this name is there again, try again.`);
}

function locked(title, text) {
  bar.replaceChildren();
  tabs.replaceChildren();
  made.clear();
  main.replaceChildren(element("section", { class: "state", "data-locked": true }, element("h1", {}, title), element("p", {}, text), element("button", { type: "button", class: "main", onclick: () => location.reload() }, "Try again")));
}

const refused = (error) => locked(error.status ? "This page opens by its own link." : "Nobody answers.", error.status ? error.message : "The page was closed where it was started. Once it is started again, go on here.");

function showHelp() {
  openDialog("Keys", element("dl", { class: "keys" }, KEYS.map(([key, words]) => element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, words)))));
}

document.addEventListener("keydown", (event) => {
  if (!current || document.querySelector("dialog") || event.isComposing) return;
  if (event.target.closest?.("textarea, input:not([type=checkbox], [type=range]), select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.getAttribute?.("role") === "tab" && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    const names = offered().map(([name]) => name);
    go(names.at((names.indexOf(current) + (event.key === "ArrowRight" ? 1 : -1)) % names.length));
    document.getElementById(`tab-${current}`).focus();
    return event.preventDefault();
  }
  const key = meant(event);
  const numbered = offered()[Number(key) - 1];
  const word = { p: state.state === "paused" ? "resume" : state.state === "running" ? "pause" : null, c: state.state === "running" ? "checkpoint" : null }[key];
  if (numbered) go(numbered[0]);
  else if (key === "?") showHelp();
  else if (key === "/") made.get(current).focus();
  else if (word) confirmWord(word);
  else if (!made.get(current).press(key)) return;
  event.preventDefault();
});

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  if (current === "watch") made.get("watch")?.show();
});

async function begin() {
  try {
    await enter();
    await refreshFirst();
  } catch (error) {
    refused(error);
  }
}

async function refreshFirst() {
  const wanted = location.hash.slice(1);
  state = await ask("/state");
  if (state.kind === "gone") return gone();
  drawBar();
  go(offered().some(([name]) => name === wanted) ? wanted : offered()[0][0]);
  follow((news) => void hear(news), () => tellLost(true), refused);
}
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#enter=")) location.reload();
});
void begin();
