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
    if (isNaN(at)) continue;
    time.title = exact.format(at);
    // Without scripts it is told in the time of Greenwich.
    if ("exact" in time.dataset) time.textContent = time.title;
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

// A sentence at the lower edge, with at most one thing to do about it; `ended` is called when its time is over.
function toast(words, action, ended) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(words);
  const time = setTimeout(() => { box.remove(); ended?.(); }, action ? 10000 : 5000);
  if (action) {
    const button = document.createElement("button");
    button.textContent = action.words;
    button.addEventListener("click", () => { clearTimeout(time); box.remove(); action.run(); });
    box.append(button);
  }
  $("#toasts").append(box);
  return box;
}
addEventListener("pumphouse:toast", (event) => toast(event.detail.words, event.detail.action));

// Menus close by a tap beside them and by Escape.
addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
addEventListener("keydown", (event) => {
  // What lies over the page closes first, and gives the focus back to the menu that it came from.
  if (event.key !== "Escape" || $("dialog[open]")) return;
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

// How much is new is counted by the server, on every device alike; events only say when to ask. A page that nobody sees keeps no
// connection.
function listen(feed, pill, isRestored) {
  const { user, root } = document.body.dataset;
  const since = () => (feed.dataset.newest ? `since=${feed.dataset.newest}` : "");
  let source;
  let waits = false;
  const ask = async () => {
    waits = false;
    const answer = await fetch(pill ? pill.dataset.news + since() : `${root}/main/news`);
    if (answer.ok) tell(await answer.json(), pill);
  };
  const soon = () => {
    if (waits) return;
    waits = true;
    setTimeout(() => ask().catch(() => {}), 300);
  };
  const heard = (event) => {
    const { verb, object } = JSON.parse(event.data);
    const about = verb === "post" ? object?.inReplyTo : object;
    refresh(about?.id?.split("/").pop()).catch(() => {});
    soon();
  };
  const open = () => {
    if (document.hidden || source) return;
    const isAgain = source === null || isRestored;
    source = new EventSource(`${root}/api/user/${user}/inbox/stream`);
    source.addEventListener("activity", heard);
    source.addEventListener("reset", soon);
    if (isAgain) soon();
  };
  const close = () => {
    source?.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  const bring = async (address) => {
    try {
      const list = await postsOf(address);
      const cards = fresh(feed, list);
      feed.prepend(...cards);
      woken(cards);
      feed.dataset.newest = list.dataset.newest ?? feed.dataset.newest;
      pill.hidden = true;
      $(".empty", feed.parentElement)?.remove();
      scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      soon();
    } catch {
      location.assign(address);
    }
  };
  pill?.addEventListener("click", (event) => {
    event.preventDefault();
    bring(pill.href + since());
  });
  if (feed && pill) addEventListener("pumphouse:posted", () => bring(pill.href + since()));
  open();
}

// Shows how much is new: in badges, in the title, and above the list.
function tell(news, pill) {
  for (const badge of $$("[data-new]")) {
    const number = news[badge.dataset.new];
    badge.hidden = !number;
    $(".number", badge).textContent = number;
  }
  document.title = (news.title ? `(${news.title}) ` : "") + document.title.replace(/^\(\d+\+?\) /, "");
  if (!pill) return;
  $(".count", pill).textContent = news.posts;
  pill.hidden = !news.posts;
}

// What was said under a post meanwhile comes in place; what one types there stays.
async function refresh(key) {
  const card = key && document.getElementById(key)?.closest("article");
  const foot = card && $(".foot", card);
  if (!foot) return;
  const query = new URLSearchParams({ object: card.id, back: location.pathname + location.search });
  const answer = await fetch(`${document.body.dataset.root}/main/foot?${query}`);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const [part, place] of [[".counts", ".actions"], [".replies", ".comment"]]) {
    const now = $(`.foot > ${part}`, page);
    const before = $(`:scope > ${part}`, foot);
    if (!now || before?.contains(document.activeElement)) continue;
    if (before) before.replaceWith(now);
    else $(`:scope > ${place}`, foot)?.before(now);
    woken([now]);
  }
}

// Coming back finds the list as long as it was, and at the same place. Logging out forgets it.
function keepPlace(feed) {
  const key = `feed ${location.pathname}${location.search}`;
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  const way = performance.getEntriesByType("navigation")[0]?.type;
  const isRestored = kept && way === "back_forward" && kept.of === feed.dataset.kept;
  if (isRestored) {
    history.scrollRestoration = "manual";
    feed.innerHTML = kept.html;
    htmx.process(feed);
    feed.dataset.newest = kept.newest;
    scrollTo(0, kept.y);
    // Browsers paint a page at its top before they have its styles.
    addEventListener("load", () => scrollTo(0, kept.y), { once: true });
  }
  addEventListener("pagehide", () => {
    for (const menu of $$("details[open]", feed)) menu.open = false;
    const html = feed.innerHTML;
    const place = { html, y: scrollY, of: feed.dataset.kept, newest: feed.dataset.newest ?? "" };
    try {
      if (html.length < KEPT_CHARS_MAX) sessionStorage.setItem(key, JSON.stringify(place));
    } catch { /* The browser has no room: the list begins anew. */ }
  });
  return isRestored;
}

// A page that belongs to the one where one is comes over it.
async function openSheet(link) {
  const answer = await fetch(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = $("[data-part]", page);
  if (!answer.ok || !part) throw new Error(answer.status);
  const sheet = document.createElement("dialog");
  sheet.className = "over";
  sheet.setAttribute("aria-label", $("h1", part).textContent);
  const close = document.createElement("button");
  close.className = "close quieter";
  close.textContent = $("#toasts").dataset.close;
  close.addEventListener("click", () => sheet.close());
  sheet.append(part, close);
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.addEventListener("close", () => { sheet.remove(); link.focus(); });
  document.body.append(sheet);
  sheet.showModal();
}

// What is deleted goes at once, and can come back until the sentence about it is gone; then the server is told.
function takeAway(link) {
  const item = document.getElementById(link.dataset.delete);
  const { deleted, undo, lost } = $("#toasts").dataset;
  const address = link.href.split("?")[0];
  const form = new URLSearchParams({ _csrf: $("[name=_csrf]").value, object: link.dataset.delete });
  const place = document.createComment("");
  const menu = link.closest("details");
  if (menu) menu.open = false;
  item.replaceWith(place);
  let waits = true;
  const back = () => { waits = false; place.replaceWith(item); };
  const last = () => { if (waits) navigator.sendBeacon(address, form); waits = false; };
  addEventListener("pagehide", last);
  const box = toast(deleted, { words: undo, run: () => { back(); $("a, button, summary", item)?.focus(); } }, async () => {
    if (!waits) return;
    waits = false;
    try {
      const answer = await fetch(address, { method: "POST", body: form, keepalive: true });
      if (!answer.ok) throw new Error(answer.status);
      if (item.matches(".whole")) location.assign(`${document.body.dataset.root}/`);
    } catch {
      back();
      toast(lost);
    }
  });
  $("button", box).focus();
}

// What a tap does in place, where the link leads to another page without scripts.
addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-sheet], a[data-delete], .pictures > a.picture, .tiles > a.picture");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    if (link.dataset.delete) takeAway(link);
    else if (link.matches(".picture")) await import($("#lightbox").dataset.script).then((module) => module.default(link));
    else await openSheet(link);
  } catch {
    location.assign(link.href);
  }
});

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

// Where a part under a post is exchanged, what had the focus there has it again: the same deed, and after a comment the way to one.
let held;
document.addEventListener("htmx:before:swap", () => {
  const active = document.activeElement;
  const part = active?.closest(".reply, .h-entry");
  const deed = [".like", ".actions > :last-child .action"].find((deed) => active?.matches(deed)) ?? "[data-focus]";
  held = active?.closest(".foot") && part && { id: part.id, deed };
});
document.addEventListener("htmx:after:swap", () => {
  const part = held && document.activeElement === document.body && document.getElementById(held.id);
  if (part) $(held.deed, part)?.focus({ preventScroll: true });
  woken([document.body]);
});
document.addEventListener("htmx:error", () => toast($("#toasts").dataset.lost));

// Where the connection is secure the site is an application of the device, with a page for when there is no connection.
if (isSecureContext && "serviceWorker" in navigator) {
  addEventListener("load", () => {
    const { user, root } = document.body.dataset;
    if (user) navigator.serviceWorker.register(`${root}/sw.js`).catch(() => {});
  });
}

// The page for when there is no connection goes on by itself.
function waitForServer() {
  const look = async () => {
    try {
      await fetch(location.href, { method: "HEAD", cache: "no-store" });
      location.reload();
    } catch { /* Not yet. */ }
  };
  addEventListener("online", look);
  setInterval(look, 10000);
}

addEventListener("DOMContentLoaded", () => {
  const { user } = document.body.dataset;
  if (!user) sessionStorage.clear();
  const feed = $("#feed");
  const pill = $("#new");
  let isRestored = false;
  if (feed) {
    isRestored = keepPlace(feed);
    continueFeed(feed);
  }
  if (document.body.classList.contains("offline") && !location.pathname.endsWith("/main/offline")) waitForServer();
  tellTimes(document);
  loadModules(document);
  if (user) listen(feed, pill, isRestored);
  const compose = $("#compose");
  if (compose) composeOver(compose);
});
