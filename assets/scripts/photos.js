// Grids of photos: older ones come when the end of the grid does; where months stand beside it, the one that is looked at is marked, and
// one that is there already is gone to without a new page.

export default function photos(page) {
  const grid = page.querySelector("#grid");
  const rail = page.querySelector(".months");
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const sections = () => [...grid.querySelectorAll("section.month")];

  // The month at the upper edge is the one that is looked at.
  let marked;
  function mark() {
    const edge = 120;
    const all = sections();
    const now = all.filter((section) => section.getBoundingClientRect().top <= edge).pop() ?? all[0];
    const link = now && rail?.querySelector(`a[data-month="${now.dataset.month}"]`);
    if (!link || link === marked) return;
    rail.querySelector("[aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    marked = link;
    const box = rail.getBoundingClientRect();
    const at = link.getBoundingClientRect();
    rail.scrollBy({ left: at.left - box.left - box.width / 2 + at.width / 2, top: at.top - box.top - box.height / 2 });
  }
  let isWaiting = false;
  addEventListener("scroll", () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; mark(); });
  }, { passive: true });

  rail?.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const section = link && grid.querySelector(`section.month[data-month="${link.dataset.month}"]`);
    if (!section || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    section.scrollIntoView({ behavior: isStill ? "auto" : "smooth" });
  });

  // Older ones; a month that goes on continues where it is.
  const end = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    const link = entry.target;
    const pager = link.closest(".pager");
    end.unobserve(link);
    pager.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const section of next.querySelectorAll("#grid section.month")) {
        const known = grid.querySelector(`section.month[data-month="${section.dataset.month}"]`);
        const isNew = (tile) => ![...(known?.querySelectorAll("a.tile") ?? [])].some((there) => there.href === tile.href);
        if (known) known.querySelector(".tiles").append(...[...section.querySelector(".tiles").children].filter(isNew));
        else pager.before(section);
      }
      const further = next.querySelector("#grid .pager");
      if (further) pager.replaceWith(further);
      else pager.remove();
      observe();
    } catch {
      pager.removeAttribute("aria-busy");
    }
  }, { rootMargin: "1200px" });
  function observe() {
    const link = grid.querySelector(".pager [rel=next]");
    if (link) end.observe(link);
  }
  observe();
  mark();
}
