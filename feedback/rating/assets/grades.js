// What one reply is like: a grade, and a verdict for each dimension. One question is the current one, and digits answer it.

function drawGrades(questions, answer, changed) {
  const asked = [
    {
      name: "overall",
      question: questions.question,
      options: questions.grades.map(({ grade, means }) => ({ value: grade, words: means, when: "" })),
    },
    ...questions.dimensions.map((dimension) => ({
      name: dimension.name,
      label: dimension.label,
      question: dimension.question,
      options: dimension.verdicts.map(({ name, when }) => ({ value: name, words: name, when })),
    })),
  ];
  let current = 0;
  const give = (place, value) => {
    current = place;
    if (answer[asked[place].name] === value) delete answer[asked[place].name];
    else answer[asked[place].name] = value;
    changed();
  };
  const rows = asked.map((each, place) =>
    element(
      "fieldset",
      { class: "grade", onclick: () => move(place) },
      element("legend", {}, each.label ? element("b", {}, `${each.label[0].toUpperCase()}${each.label.slice(1)}`) : each.question),
      each.label && element("p", { class: "note" }, each.question),
      element(
        "div",
        { class: "options" },
        each.options.map((option, number) =>
          element(
            "button",
            {
              type: "button",
              class: "option",
              title: option.when,
              onclick: (event) => {
                event.stopPropagation();
                give(place, option.value);
              },
            },
            element("kbd", {}, String(number + 1)),
            option.words,
          ),
        ),
      ),
      each.label && element("p", { class: "when note" }),
    ),
  );
  const move = (place) => {
    current = Math.max(0, Math.min(asked.length - 1, place));
    show();
    rows[current].scrollIntoView({ block: "nearest" });
  };
  const show = () => {
    rows.forEach((row, place) => {
      row.classList.toggle("current", place === current);
      const value = answer[asked[place].name];
      const chosen = asked[place].options.findIndex((option) => option.value === value);
      row.querySelectorAll(".option").forEach((button, number) => button.setAttribute("aria-pressed", number === chosen));
      const when = row.querySelector(".when");
      if (when) when.textContent = chosen < 0 ? "" : asked[place].options[chosen].when;
    });
  };
  const press = (key) => {
    const option = asked[current].options[Number(key) - 1];
    if (option && /^[1-9]$/.test(key)) {
      const place = current;
      answer[asked[place].name] = option.value;
      changed();
      move(place + 1);
    } else if (key === "0") {
      delete answer[asked[current].name];
      changed();
      move(current + 1);
    } else if (key === "ArrowDown") move(current + 1);
    else if (key === "ArrowUp") move(current - 1);
    else return false;
    return true;
  };
  const drawn = element("section", { class: "answers grades", "aria-label": "What the reply is like" }, rows);
  return { drawn, show, press, missing: () => (answer.overall ? "" : "Give a grade first: 1 to 5.") };
}
