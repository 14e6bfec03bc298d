// Who can see something, chosen from circles, lists and people: people are found while one types, and what contradicts each other is not
// chosen together.

export default function named(whom) {
  const { root } = document.body.dataset;
  const $ = (selector) => whom.querySelector(selector);
  const circles = () => [...whom.querySelectorAll("[name=audience]")];
  const names = $("[name=names]");
  const found = $(".found");

  whom.addEventListener("change", ({ target: { name, checked, value } }) => {
    if (name === "also" && checked && circles().find((circle) => circle.checked)?.value === "me") {
      const people = circles().find((circle) => circle.value === "people");
      if (people) people.checked = true;
    }
    if (name === "audience" && value === "me") {
      for (const box of whom.querySelectorAll("[name=also]:checked")) box.checked = false;
      names.value = "";
    }
    if (name === "also") {
      names.value = "";
      for (const choice of found.children) choice.hidden = false;
    }
  });

  // What was typed last, as it is looked for.
  const typed = () => names.value.split(",").pop().trim().toLowerCase().replace(/^@/, "");
  const fits = (choice) => choice.textContent.toLowerCase().includes(typed());
  let asked = 0;
  async function look() {
    const mine = ++asked;
    for (const choice of found.children) choice.hidden = !fits(choice) && !choice.querySelector("input").checked;
    if (!typed()) return;
    try {
      const answer = await fetch(`${root}/main/compose/people?q=${encodeURIComponent(typed())}`);
      if (!answer.ok || mine !== asked) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const choice of page.querySelectorAll(".choice")) {
        const { value } = choice.querySelector("input");
        const known = [...found.querySelectorAll("input")].find((box) => box.value === value);
        if (known) known.closest(".choice").hidden = false;
        else found.prepend(document.adoptNode(choice));
      }
    } catch { /* Those that are shown can be chosen. */ }
  }
  let soon;
  names.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(look, 150);
  });
  names.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(soon);
    if (!typed()) return;
    const person = () => [...found.children].find((choice) => fits(choice) && choice.querySelector("[value^='person:']:not(:checked)"));
    if (!person()) await look();
    if (typed()) person()?.querySelector("input").click();
  });
}
