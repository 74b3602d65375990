// How far raters agree, and this one with themselves, in a dialog and at the end.

const rounded = (value) => (value === null ? "–" : value.toFixed(2).replace("-", "−"));

function drawAgreement(found) {
  const own = found.own;
  const again = own.answers_again
    ? `Asked again, you said the same ${own.same_again} of ${own.answers_again} times.`
    : "Nothing has been asked a second time yet.";
  const sided = own.sided
    ? `Of ${counted(own.sided, "choice")} you took A ${counted(own.left, "time")}; it is drawn by chance which reply is A.`
    : "";
  const rows = found.among.map((each) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, each.label),
      element("td", {}, rounded(each.value)),
      element("td", {}, each.low === null ? "" : `${rounded(each.low)} to ${rounded(each.high)}`),
      element("td", {}, String(each.number)),
    ),
  );
  const heads = ["", "α", "95 %", "rated by two or more"];
  return element(
    "div",
    { class: "agreement" },
    element("p", {}, `You have answered ${counted(own.votes, "question")} and passed over ${own.skipped}. ${again} ${sided}`),
    found.raters > 1
      ? [
          element("p", {}, `Among ${found.raters} raters, by Krippendorff's α: 1 is full agreement, 0 is what chance would give.`),
          element(
            "div",
            { class: "scroll" },
            element(
              "table",
              {},
              element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
              element("tbody", {}, rows),
            ),
          ),
        ]
      : element("p", { class: "note" }, "Once a second rater has begun, it stands here how far you agree."),
    element("p", { class: "note" }, `Told anew after every ${found.every} of your answers and at the end, so that nothing shows what others said of a single one.`),
  );
}
