// The keys that the page knows.

const KEYS = {
  pairs: [
    ["1, 2, 3", "A is better, the same, B is better; the arrows ← ↓ → too"],
    ["letters", "in what it is better; once more for the other reply, and again for neither"],
  ],
  single: [
    ["1 to 5", "answer the question with the mark, and go to the next"],
    ["0", "leave it open: nothing can be said"],
    ["↑ ↓", "go to another question"],
  ],
  both: [
    ["Enter", "save, and go on"],
    ["x", "pass over"],
    ["z", "back to the one before"],
    ["c", "write a comment; Esc leaves it, Ctrl+Enter saves"],
    ["m", "how far raters agree"],
    ["?", "these keys"],
  ],
};

function drawKeys(asked, stated) {
  const rows = [...KEYS[asked], ...KEYS.both].map(([key, words]) =>
    element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, words)),
  );
  const said = Object.values(stated).filter(Boolean);
  return [
    element("dl", { class: "keys" }, rows),
    element("h3", {}, "How it is asked"),
    element("ul", { class: "stated" }, said.map((text) => element("li", {}, text))),
  ];
}

// Calls one of `acts` for a key, unless somebody is writing, or a dialog is open.
function listen(acts) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog") || event.isComposing) return;
    const writing = event.target.closest?.("textarea, input");
    if (writing) {
      if (event.key === "Escape") writing.blur();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) acts.save();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Enter on a button elsewhere than among the answers is that button's.
    if (event.key === "Enter" && event.target.closest?.("button, a, summary") && !event.target.closest(".answers")) return;
    const key = meant(event);
    const act = { Enter: acts.save, x: acts.pass, z: acts.back, c: acts.comment, m: acts.agreement, "?": acts.help }[key];
    if (act ? act() !== false : acts.press(key)) event.preventDefault();
  });
}
