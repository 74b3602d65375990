// What is told to the training, each after a question whether it is meant.

const WORDS = {
  pause: ["Pause", "The training writes a checkpoint after its present step and waits, until it is resumed or stopped."],
  resume: ["Resume", "The training goes on."],
  checkpoint: ["Checkpoint", "The training writes a checkpoint after its present step, and goes on."],
  stop: ["Stop", "The training writes a checkpoint after its present step and ends. It can be gone on with later."],
  every: ["Look every…", "Check-ins, self-play and monitors are held every so many steps from now on."],
  "self-play": ["Talk to itself", "The model talks to itself after the present step, once."],
  reflect: ["Reflect", "The model is asked what it has learned, once; its words are marked as its own in the journal."],
};

function operateButtons() {
  const button = (word, kind = "") => element("button", { type: "button", class: kind, "data-word": word, onclick: () => confirmWord(word) }, WORDS[word][0], word === "pause" || word === "resume" ? element("kbd", {}, "p") : word === "checkpoint" ? element("kbd", {}, "c") : null);
  if (state.state === "paused") return [button("resume", "main"), button("stop")];
  if (state.state !== "running") return [];
  return [
    button("pause"),
    button("checkpoint"),
    button("stop"),
    element("details", { class: "menu" }, element("summary", {}, "More"), element("div", {}, ["every", "self-play", "reflect"].map((word) => button(word)))),
  ];
}

function confirmWord(word) {
  if (document.querySelector("dialog")) return;
  const [title, what] = WORDS[word];
  const number = word === "every" && element("input", { type: "number", min: 1, step: 1, value: 100, required: true, "aria-label": "Steps" });
  const dialog = element(
    "dialog",
    { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    element("h2", { id: "dialog-title" }, `${title.replace("…", "")}?`),
    element("p", {}, what),
    number && element("label", { class: "steps" }, "every ", number, " steps"),
    element("p", { class: "note" }, "It is noted in the journal."),
    element(
      "form",
      { method: "dialog", onsubmit: (event) => {
        if (event.submitter?.value === "yes") void operate(word, number ? Number(number.value) : null);
      } },
      element("button", { value: "no", autofocus: word === "stop" }, "No"),
      " ",
      element("button", { value: "yes", class: "main", autofocus: word !== "stop" }, title.replace("…", "")),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

async function operate(word, every) {
  try {
    const { said } = await ask("/operate", { word, every, confirmed: true });
    tell(said);
  } catch (error) {
    tell(error.status ? error.message : "Nobody answers; it was not told.", "alarm");
  }
}
