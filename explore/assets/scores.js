// What evaluations found of the run's checkpoints, suite by suite.

function makeScores() {
  const panel = element("div", { class: "scores" });

  const load = oneAtATime(async () => {
    const { suites } = await ask("/scores");
    panel.replaceChildren(...(suites.length ? suites.map(drawSuite) : [drawNone()]));
  });

  function drawNone() {
    const kept = state.models.filter((name) => name.startsWith(`${state.name}@`)).slice(0, 2).reverse();
    const names = [...kept, ...(state.state === "complete" ? [state.name] : [])].join(" ") || `${state.name}@step-…`;
    return element(
      "div",
      {},
      element("p", { class: "empty" }, "None of this run's checkpoints was evaluated yet. In a terminal:"),
      element("pre", {}, `python evaluation/run.py --models ${names} --suite baseline`),
    );
  }

  function drawSuite({ suite, checkpoints }) {
    const chose = checkpoints.some((each) => each.choices);
    const heads = ["checkpoint", checkpoints[0].decides.replaceAll("_", " "), "95 % interval", "cases", ...(chose ? ["items", "wrong", "wrong, but well reasoned"] : [])];
    return element(
      "section",
      {},
      element("h2", {}, suite),
      element("div", { class: "scroll" }, element(
        "table",
        {},
        element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, checkpoints.map((each) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, each.step === null ? "final" : `step ${each.step.toLocaleString("en")}`),
            element("td", { class: each.withheld ? "withheld" : null, title: each.withheld || null }, short(each.value)),
            element("td", {}, each.interval ? `${short(each.interval[0])} to ${short(each.interval[1])}` : "–"),
            element("td", {}, each.cases.toLocaleString("en")),
            chose && (each.choices ? [each.choices.items, each.choices.wrong, `${each.choices.wrong_but_sound}${each.choices.wrong ? ` (${Math.round((100 * each.choices.wrong_but_sound) / each.choices.wrong)} % of the wrong)` : ""}`] : ["–", "–", "–"]).map((value) => element("td", {}, String(value))),
          ),
        )),
      )),
      checkpoints.some((each) => each.withheld) && element("p", { class: "note" }, `Struck through: the verdict is withheld, for ${checkpoints.find((each) => each.withheld).withheld}`),
      chose && element("p", { class: "note" }, "Well reasoned is told by a heuristic over words, which cannot tell a true step from a false one: such items deserve a second look."),
    );
  }

  return { panel, show: load, arrange: () => void load(), hear() {}, focus() {}, press: () => false };
}
