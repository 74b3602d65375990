// One question on the page, from the moment it is shown to the vote that it makes.

function makeQuestion(questions, item, given, changed) {
  const pairs = questions.ask === "pairs";
  const answer = pairs ? { better: undefined, why: {} } : {};
  if (given?.verdict) Object.assign(answer, structuredClone(given.verdict));
  const answers = (pairs ? drawReasons : drawGrades)(questions, answer, () => {
    answers.show();
    changed();
  });
  const comment = element("textarea", {
    rows: 2,
    maxlength: 4000,
    id: "comment",
    dir: "auto",
    placeholder: "Anything that the next reader should know",
  });
  comment.value = given?.comment ?? "";
  const began = performance.now();

  const draw = (into) => {
    const replies = item.replies.map((text, place) =>
      drawReply(text, pairs ? SIDES[place] : undefined, () => {
        if (pairs && !String(getSelection())) answers.choose(SIDES[place]);
      }),
    );
    into.replaceChildren(
      element(
        "div",
        { class: pairs ? "pairs" : "single", "data-item": item.item, "data-shown": item.shown },
        element(
          "div",
          { class: "seen" },
          drawConversation(item.messages),
          element("section", { class: "replies", "aria-label": "Replies" }, replies),
        ),
        element(
          "div",
          { class: "given" },
          answers.drawn,
          element("label", { class: "comment" }, element("span", {}, "A comment", element("kbd", {}, "c")), comment),
        ),
      ),
    );
    answers.show();
  };

  const vote = (passedOver) => ({
    nonce: newNonce(),
    item: item.item,
    repeat: item.repeat,
    shown: item.shown,
    verdict: passedOver ? null : JSON.parse(JSON.stringify(answer)),
    comment: comment.value,
    seconds: Math.round(performance.now() - began) / 1000,
    replaces: given?.id ?? null,
  });

  return { draw, vote, press: answers.press, missing: answers.missing, comment, id: given?.id ?? null };
}
