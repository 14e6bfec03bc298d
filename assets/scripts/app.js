// What every page does where scripts run: times in the reader's zone, menus that close, what is new, older posts on scroll and
// the way back to where one was. Larger parts are modules, loaded where an element asks for them (data-module).

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
// Longest list that is kept for coming back, in characters.
const KEPT_CHARS_MAX = 1_500_000;

const language = document.documentElement.lang;

// Times: exact and local on hover.
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
function tellTimes(root) {
  for (const time of $$("time[datetime]", root)) {
    const at = new Date(time.dateTime);
    if (!isNaN(at)) time.title = exact.format(at);
  }
}

// Modules: `<div data-module="/assets/composer.js?v=…">` gets what the module exports as its default.
async function loadModules(root) {
  for (const element of [...(root.matches?.("[data-module]") ? [root] : []), ...$$("[data-module]", root)]) {
    const address = element.dataset.module;
    element.removeAttribute("data-module");
    const module = await import(address);
    module.default(element);
  }
}

// A sentence at the lower edge, with at most one thing to do about it.
function toast(words, action) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(words);
  if (action) {
    const button = document.createElement("button");
    button.textContent = action.words;
    button.addEventListener("click", () => { box.remove(); action.run(); });
    box.append(button);
  }
  $("#toasts").append(box);
  setTimeout(() => box.remove(), action ? 10000 : 5000);
}
addEventListener("pumphouse:toast", (event) => toast(event.detail.words, event.detail.action));

// Menus close by a tap beside them and by Escape.
addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of $$("details.menu[open]")) {
    menu.open = false;
    $("summary", menu).focus();
  }
});

// What an address of this site has as its list of posts.
async function postsOf(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return $("#feed", page);
}

// Posts that are not in the list yet, ready to be put there.
function fresh(list, root) {
  return $$(":scope > article", root).filter((card) => !card.id || !list.querySelector(`[id="${card.id}"]`));
}

function woken(nodes) {
  for (const node of nodes) {
    if (node !== document.body) htmx.process(node);
    tellTimes(node);
    loadModules(node);
  }
}

// Older posts come when the end of the list does; the link stays for when they do not.
function continueFeed(feed) {
  const end = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    const link = entry.target;
    const pager = link.closest(".pager");
    end.unobserve(link);
    pager.setAttribute("aria-busy", "true");
    try {
      const list = await postsOf(link.href);
      const cards = fresh(feed, list);
      const next = $(".pager [rel=next]", list)?.closest(".pager");
      $("[rel=prev]", next ?? list)?.remove();
      pager.replaceWith(...cards, ...(next ? [next] : []));
      woken(cards);
      observe();
    } catch {
      pager.removeAttribute("aria-busy");
    }
  }, { rootMargin: "600px" });
  const observe = () => {
    const link = $(".pager [rel=next]", feed);
    if (link) end.observe(link);
  };
  observe();
}

// What is new is announced, and comes in place when one wants it.
function listen(feed, pill) {
  const { user, root } = document.body.dataset;
  let source;
  let count = 0;
  const heard = (event) => {
    const activity = JSON.parse(event.data);
    const isOwn = activity.actor?.url === new URL(`${root}/${user}`, location).href;
    if (isOwn || !["post", "share"].includes(activity.verb) || activity.object?.objectType === "comment") return;
    count += 1;
    $(".count", pill).textContent = count;
    pill.hidden = false;
  };
  const open = () => {
    if (document.hidden || source) return;
    source = new EventSource(`${root}/api/user/${user}/inbox/major/stream`);
    source.addEventListener("activity", heard);
  };
  const close = () => {
    source?.close();
    source = undefined;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  const bring = async (address) => {
    try {
      const cards = fresh(feed, await postsOf(address));
      feed.prepend(...cards);
      woken(cards);
      count = 0;
      pill.hidden = true;
      scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    } catch {
      location.assign(address);
    }
  };
  pill.addEventListener("click", (event) => {
    event.preventDefault();
    bring(pill.href);
  });
  addEventListener("pumphouse:posted", () => bring(`${root}/`));
  open();
}

// Coming back finds the list as long as it was, and at the same place. Logging out forgets it.
function keepPlace(feed) {
  const key = `feed ${location.pathname}${location.search}`;
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  const way = performance.getEntriesByType("navigation")[0]?.type;
  if (kept && way === "back_forward" && kept.of === feed.dataset.kept) {
    feed.innerHTML = kept.html;
    htmx.process(feed);
    scrollTo(0, kept.y);
  }
  addEventListener("pagehide", () => {
    const html = feed.innerHTML;
    const place = { html, y: scrollY, of: feed.dataset.kept };
    try {
      if (html.length < KEPT_CHARS_MAX) sessionStorage.setItem(key, JSON.stringify(place));
    } catch { /* The browser has no room: the list begins anew. */ }
  });
}

// The box to post opens over the page; its form is fetched before it is wanted.
function composeOver(dialog) {
  const { root } = document.body.dataset;
  const path = `${root}/main/compose`;
  const inside = $(".inside", dialog);
  let coming;
  const fetched = () => (coming ??= fetch(path, { headers: { "HX-Request": "true" } }).then((answer) => {
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return answer.text();
  }).catch(() => (coming = undefined)));
  const wayOf = (event) => location.pathname !== path && event.target.closest?.(`a[href="${path}"]`);
  const wake = (event) => wayOf(event) && fetched().then((html) => html && import(html.match(/data-module="([^"]+)"/)[1]));
  for (const kind of ["pointerover", "touchstart", "focusin"]) addEventListener(kind, wake, { passive: true });
  if ($("[data-compose]")) (window.requestIdleCallback ?? setTimeout)(fetched);
  addEventListener("click", async (event) => {
    const way = wayOf(event);
    if (!way || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    dialog.showModal();
    if (inside.firstElementChild) return;
    const html = await fetched();
    if (!html) return location.assign(path);
    inside.innerHTML = html;
    loadModules(inside);
    $("[autofocus]", inside)?.focus();
  });
  dialog.addEventListener("close", () => {
    // What is not posted goes on where it is; the next post begins anew.
    if (!$("form[data-over]", inside)) return;
    inside.replaceChildren();
    coming = undefined;
    fetched();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest(".close")) dialog.close();
  });
  addEventListener("pumphouse:posted", (event) => {
    const { words, see, url } = event.detail;
    toast(words, { words: see, run: () => location.assign(url) });
  });
}

// A way to a field of the same page leads to the field.
addEventListener("click", (event) => {
  const way = event.target.closest?.("[data-focus]");
  const field = way && document.getElementById(way.dataset.focus);
  if (!field || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  field.form?.classList.add("open");
  field.focus();
});

document.addEventListener("htmx:after:swap", () => woken([document.body]));
document.addEventListener("htmx:error", () => toast($("#toasts").dataset.lost));

addEventListener("DOMContentLoaded", () => {
  const { user } = document.body.dataset;
  if (!user) sessionStorage.clear();
  const feed = $("#feed");
  const pill = $("#new");
  if (feed) {
    keepPlace(feed);
    continueFeed(feed);
  }
  tellTimes(document);
  loadModules(document);
  if (user && pill) listen(feed, pill);
  const compose = $("#compose");
  if (compose) composeOver(compose);
});
