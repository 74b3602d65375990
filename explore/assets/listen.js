// What the model says by itself: to the same questions every so often, and to itself in two roles.

function makeListen() {
  const answers = element("div", { class: "answers" });
  const dialogues = element("div", { class: "dialogues" });
  const asked = element("div", { class: "tools" });
  const panel = element(
    "div",
    { class: "listen" },
    element("section", { "aria-label": "Check-ins" }, element("h2", {}, "Asked the same again and again"), asked, answers),
    element("section", { "aria-label": "Self-play" }, element("h2", {}, "Talking to itself"), dialogues),
  );
  let said = [];
  let turns = [];
  let prompt = null;
  let ended = { answers: false, turns: false };

  const load = oneAtATime(async () => {
    const [first, second] = await Promise.all([ask("/answers"), ask("/turns")]);
    [said, turns] = [merged(first.answers, said), merged(second.turns, turns)];
    ended = { answers: first.answers.length < 300, turns: second.turns.length < 300 };
    draw();
  });

  // What is new before what was there, unless the run went back behind it.
  function merged(newest, before) {
    const least = newest.at(-1)?.id ?? Infinity;
    return [...newest, ...before.filter((each) => each.id < least)];
  }

  async function older(path, key) {
    const list = key === "answers" ? said : turns;
    const found = (await ask(path, { before: list.at(-1)?.id }))[key];
    if (key === "answers") said = [...said, ...found];
    else turns = [...turns, ...found];
    ended[key] = found.length < 300;
    draw();
  }

  const olderButton = (path, key) => !ended[key] && element("button", { type: "button", class: "quiet", onclick: () => void older(path, key) }, "Older");

  function draw() {
    drawAnswers();
    drawDialogues();
  }

  function drawAnswers() {
    const prompts = [...new Map(said.map((each) => [`${each.prompt} ${each.system ?? ""}`, each])).entries()].sort((one, other) => one[1].prompt - other[1].prompt);
    if (!said.length) {
      asked.replaceChildren();
      answers.replaceChildren(element("p", { class: "empty" }, "It was asked nothing yet. What is asked, and how often, is the key checkin of the training's configuration."));
      return;
    }
    if (!prompts.some(([key]) => key === prompt)) [prompt] = prompts[0];
    asked.replaceChildren(
      choice("Question", prompts.map(([key, each]) => [key, `${each.asked.replaceAll("\n", " ⏎ ").slice(0, 90)}${each.system ? " (with a system prompt)" : ""}`]), prompt, (key) => {
        prompt = key;
        drawAnswers();
      }),
    );
    const found = said.filter((each) => `${each.prompt} ${each.system ?? ""}` === prompt);
    answers.replaceChildren(
      element("ol", { class: "over-time" }, found.map((each) =>
        element("li", {}, element("span", { class: "step" }, each.step.toLocaleString("en")), element("p", { class: "words" }, each.reply || element("em", { class: "empty" }, each.finish === "error" ? "it could not be asked" : "it said nothing")), each.finish === "length" && element("small", {}, "cut off")),
      )),
      ...[olderButton("/answers", "answers")].filter(Boolean),
    );
  }

  function drawDialogues() {
    const found = new Map();
    for (const turn of turns) {
      const key = `${turn.at} ${turn.dialogue}`;
      found.set(key, [turn, ...(found.get(key) ?? [])]);
    }
    const whole = [...found.values()].filter((each) => each[0].turn === 0 || !ended.turns).slice(0, 200);
    dialogues.replaceChildren(
      ...(whole.length
        ? whole.map((each) =>
            element(
              "article",
              { class: "dialogue" },
              element("h3", {}, `Step ${each[0].step.toLocaleString("en")}`),
              each.sort((one, other) => one.turn - other.turn).map((turn) =>
                element(
                  "div",
                  { class: `turn ${turn.role}` },
                  element("h4", {}, { user: "learner", assistant: "tutor" }[turn.role] ?? turn.role, turn.finish === "given" && element("small", {}, "given")),
                  element("p", { class: "words" }, turn.said || "…"),
                ),
              ),
            ),
          )
        : [element("p", { class: "empty" }, "It has not talked to itself yet. The training's key monitors says how often it does; while it runs, Talk to itself under More has it done now.")]),
      ...[olderButton("/turns", "turns")].filter(Boolean),
    );
  }

  return {
    panel,
    show: load,
    arrange() {},
    hear(marks, changed) {
      if (changed("answers") || changed("turns")) void load();
    },
    focus: () => asked.querySelector("select")?.focus(),
    press: () => false,
  };
}
