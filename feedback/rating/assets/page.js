// The page: what is asked now, what comes of an answer, and what to do when there is nothing to ask.

const bar = document.getElementById("bar");
const main = document.getElementById("question");
const foot = document.getElementById("foot");
const said = document.getElementById("said");

let about = null; // what the server told at the beginning
let question = null;
let busy = true;

function tell(text, kind = "") {
  said.textContent = text;
  said.className = kind;
}

function drawBar(progress) {
  const share = progress.total ? progress.done / progress.total : 1;
  const meter = element("div", { class: "meter", "aria-hidden": "true" }, element("i"));
  meter.firstChild.style.width = `${100 * share}%`;
  bar.replaceChildren(
    element("p", { class: "kicker" }, "Rating replies"),
    element("p", { class: "rater" }, element("bdi", {}, about.rater)),
    element("p", { class: "place", "data-done": progress.done }, `${progress.done} of ${progress.total}`),
    meter,
    element("button", { type: "button", onclick: showAgreement }, "Agreement", element("kbd", {}, "m")),
    element("button", { type: "button", onclick: showHelp }, "Keys", element("kbd", {}, "?")),
  );
}

function drawFoot(kind) {
  foot.replaceChildren(
    element("button", { type: "button", onclick: back }, "Back", element("kbd", {}, "z")),
    ...(kind === "asked"
      ? [
          element("button", { type: "button", onclick: pass }, "Pass over", element("kbd", {}, "x")),
          element("button", { type: "button", class: "main", onclick: save }, "Save, go on", element("kbd", {}, "Enter")),
        ]
      : []),
  );
}

function show(next) {
  busy = false;
  if (next.progress) drawBar(next.progress);
  if (next.item) askNow(next.item);
  else finished(next.progress);
}

function askNow(item, given = null) {
  question = makeQuestion(about.questions, item, given, () => tell(""));
  question.draw(main);
  drawFoot("asked");
  scrollTo(0, 0);
  document.activeElement?.blur?.();
  if (given) tell(given.verdict ? "This is what you said. Change it, and save." : "You passed this one over.");
}

async function finished(progress) {
  question = null;
  drawFoot("finished");
  main.replaceChildren(
    element(
      "section",
      { class: "state", "data-finished": true },
      element("h1", {}, progress.total ? "That was the last one." : "There is nothing to rate."),
      element(
        "p",
        {},
        progress.total
          ? `Thank you, ${about.rater}. All ${progress.done} of your answers are kept, and this page can be closed.`
          : "Start the page again with replies to rate: --models NAME NAME, or --replies FILE.",
      ),
      progress.skipped > 0 &&
        element("button", { type: "button", class: "main", onclick: () => earlier({ skipped: true }) },
          `Look again at the ${progress.skipped} passed over`),
    ),
  );
  if (progress.total) main.firstChild.append(drawAgreement(await ask("/agreement")));
}

async function send(passedOver) {
  if (busy || !question) return;
  const missing = passedOver ? "" : question.missing();
  if (missing) return tell(missing, "hint");
  busy = true;
  tell("");
  try {
    const vote = { ...question.vote(passedOver), ratings: about.ratings, rater: about.rater };
    show(await deliver(vote, waiting));
  } catch (error) {
    await begin(error);
  }
}

const waiting = (error) =>
  tell(error.status ? `${error.message} Trying again.` : "Nobody answers, so this is not kept yet. Trying again.", "alarm");

const save = () => void send(false);
const pass = () => void send(true);
const back = () => void earlier({ before: question?.id ?? null });

async function earlier(told) {
  if (busy) return;
  busy = true;
  try {
    const found = await ask("/earlier", told);
    askNow(found.item, found.given);
  } catch (error) {
    tell(error.message, "hint");
  }
  busy = false;
}

async function showAgreement() {
  openDialog("How far we agree", drawAgreement(await ask("/agreement")));
}

function showHelp() {
  openDialog("Keys", drawKeys(about.questions.ask, about.stated));
}

function comment() {
  question?.comment.focus();
  return Boolean(question);
}

// Begins, or begins again after `trouble`: votes that were not delivered first, then what is asked now.
async function begin(trouble = null) {
  try {
    about = await ask("/state");
    let next = about;
    let refused = trouble;
    for (const vote of undelivered(about.ratings, about.rater)) {
      try {
        next = await deliver(vote, waiting);
      } catch (error) {
        refused = error;
      }
    }
    show(next);
    tell(refused?.message ?? "", refused ? "alarm" : "");
  } catch (error) {
    locked(error);
  }
}

function locked(error) {
  busy = true;
  foot.replaceChildren();
  main.replaceChildren(
    element(
      "section",
      { class: "state", "data-locked": true },
      element("h1", {}, error.status ? "This page opens by your own link." : "Nobody answers."),
      element("p", {}, error.status ? error.message : "The page was closed where it was started. Once it is started again, go on here."),
      element("button", { type: "button", class: "main", onclick: () => location.reload() }, "Try again"),
    ),
  );
}

listen({
  save, pass, back, comment,
  agreement: () => void showAgreement(),
  help: showHelp,
  press: (key) => !busy && Boolean(question?.press(key)),
});
const come = () => enter().then(() => begin(), locked);
addEventListener("hashchange", () => void come()); // a link that is opened where the page is open already
void come();
