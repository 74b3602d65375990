// Which of two replies is better, and in what.

const REASON_KEYS = ["q", "w", "e", "r", "t", "a", "s", "d", "f", "g"];
const CHOICES = [
  ["left", "A is better", "1"],
  ["same", "The same", "2"],
  ["right", "B is better", "3"],
];

// `answer` is {better, why}; `changed` is told when it is another.
function drawReasons(questions, answer, changed) {
  const choose = (better) => {
    answer.better = better;
    changed();
  };
  const turn = (name) => {
    const first = answer.better === "right" ? "right" : "left";
    const second = first === "left" ? "right" : "left";
    const next = { [undefined]: first, [first]: second, [second]: undefined };
    answer.why[name] = next[answer.why[name]];
    changed();
  };
  const buttons = CHOICES.map(([side, words, key]) =>
    element(
      "button",
      { type: "button", class: "choice", "data-side": side, onclick: () => choose(side) },
      words,
      element("kbd", {}, key),
    ),
  );
  const chips = questions.dimensions.map((dimension, place) =>
    element(
      "button",
      { type: "button", class: "chip", "data-name": dimension.name, title: dimension.question, onclick: () => turn(dimension.name) },
      element("kbd", {}, REASON_KEYS[place]),
      element("span", {}, dimension.label),
      element("b", { class: "letter" }),
    ),
  );
  const drawn = element(
    "section",
    { class: "answers", "aria-labelledby": "asked" },
    element("h2", { id: "asked" }, questions.question),
    element("div", { class: "choices", role: "group", "aria-labelledby": "asked" }, buttons),
    chips.length > 0 &&
      element(
        "div",
        { class: "why" },
        element("h3", { id: "why" }, "In what is it better?", element("small", {}, "if you like; once more for the other reply")),
        element("div", { class: "chips", role: "group", "aria-labelledby": "why" }, chips),
      ),
  );
  const show = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.side === answer.better);
    for (const chip of chips) {
      const side = answer.why[chip.dataset.name];
      chip.setAttribute("aria-pressed", side !== undefined);
      chip.querySelector(".letter").textContent = side ? NAMES[side] : "";
    }
    for (const reply of document.querySelectorAll(".reply")) {
      reply.classList.toggle("chosen", reply.dataset.side === answer.better);
    }
  };
  const press = (key) => {
    const arrows = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "same" };
    const side = arrows[key] ?? CHOICES.find(([, , known]) => known === key)?.[0];
    const reason = questions.dimensions[REASON_KEYS.indexOf(key)];
    if (side) choose(side);
    else if (reason) turn(reason.name);
    return Boolean(side ?? reason);
  };
  return { drawn, show, press, choose, missing: () => (answer.better ? "" : "Choose first: 1, 2 or 3.") };
}
