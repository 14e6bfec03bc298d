// Pictures and films of a post over the whole screen: swipe or arrow keys go on, pinch or a double tap enlarges a picture, Escape, Back or
// a pull downwards closes. A film has the player of the browser, and stops when it is left. The focus stays inside and goes back to where
// it was.

const $ = (selector, root) => root.querySelector(selector);
// A movement is a swipe from here on, in pixels.
const SWIPE_PX = 50;
// Two taps are one within this time, in milliseconds.
const DOUBLE_TAP_MS = 300;
const LARGEST = 5;
// Height of the controls of a player: who moves a finger there seeks, in pixels.
const CONTROLS_PX = 90;
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
const isRightToLeft = document.documentElement.dir === "rtl";

export default function open(link) {
  const links = [...link.parentElement.querySelectorAll("a.picture")];
  const box = $("#lightbox", document).content.firstElementChild.cloneNode(true);
  const stage = $(".stage", box);
  let at = links.indexOf(link);
  let picture;
  let view = { scale: 1, x: 0, y: 0 };

  const place = (isMoving) => {
    picture.style.transition = isMoving || isStill ? "none" : "transform .2s";
    picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  };
  const zoom = (scale, x = 0, y = 0) => {
    if (picture.tagName !== "IMG") return;
    const next = Math.min(Math.max(scale, 1), LARGEST);
    const by = next / view.scale;
    // The point under the fingers stays there.
    const middle = { x: innerWidth / 2, y: innerHeight / 2 };
    view = next === 1 ? { scale: 1, x: 0, y: 0 } : {
      scale: next,
      x: (view.x - (x - middle.x)) * by + (x - middle.x),
      y: (view.y - (y - middle.y)) * by + (y - middle.y),
    };
  };
  const altOf = (a) => $(".u-photo", a)?.alt ?? a.dataset.alt ?? "";
  const isFilm = () => picture.tagName === "VIDEO";
  const load = (a) => Object.assign(new Image(), { src: a.href, alt: altOf(a), draggable: false });

  // Nothing of a film that is left is heard or fetched any more.
  function leave() {
    const film = $("video", stage);
    if (!film) return;
    film.pause();
    film.removeAttribute("src");
    film.load();
  }
  function player(a, small) {
    const film = Object.assign(document.createElement("video"), { src: a.href, controls: true, playsInline: true, preload: "metadata" });
    if (small) film.poster = small.currentSrc || small.src;
    film.setAttribute("aria-label", altOf(a));
    film.addEventListener("error", () => {
      if (!film.getAttribute("src")) return;
      const words = Object.assign(document.createElement("p"), { className: "unplayable", textContent: box.dataset.unplayable });
      words.append(Object.assign(document.createElement("a"), { href: a.href, download: "", textContent: box.dataset.get }));
      film.replaceWith(words);
      picture = words;
    }, { once: true });
    return film;
  }

  function show(number) {
    leave();
    at = (number + links.length) % links.length;
    const now = links[at];
    view = { scale: 1, x: 0, y: 0 };
    const small = $(".u-photo", now);
    picture = "film" in now.dataset ? player(now, small) : load(now);
    // The small one stands there until the large one comes.
    if (!isFilm() && small?.complete && small.naturalWidth) picture.style.backgroundImage = `url("${small.currentSrc}")`;
    if (!isFilm() && small?.hasAttribute("width")) {
      picture.width = small.getAttribute("width");
      picture.height = small.getAttribute("height");
    }
    picture.addEventListener("load", () => { picture.style.backgroundImage = ""; });
    stage.replaceChildren(picture);
    $(".number", box).textContent = links.length > 1
      ? box.dataset.count.replace("{0}", at + 1).replace("{1}", links.length) : "";
    $(".alt", box).textContent = altOf(now);
    for (const [name, address] of [["download", now.dataset.original], ["own", now.dataset.page]]) {
      const way = $(`.${name}`, box);
      way.hidden = !address;
      if (address) way.href = address;
    }
    for (const beside of [at + 1, at - 1].map((place) => links[(place + links.length) % links.length])) {
      if (!("film" in beside.dataset)) load(beside);
    }
  }
  const go = (step) => { if (links.length > 1) show(at + step); };

  // Fingers and the mouse.
  const fingers = new Map();
  let start;
  let tapped = 0;
  const middle = () => {
    const [a, b] = [...fingers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) };
  };
  const begin = () => {
    const [one] = fingers.values();
    start = fingers.size === 2 ? { ...middle(), scale: view.scale } : { ...one, view: { ...view } };
  };
  stage.addEventListener("pointerdown", (event) => {
    // What is tapped in a player or a link is theirs.
    if (event.target === stage || event.target.tagName === "IMG") {
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
    } else if (event.clientY > event.target.getBoundingClientRect().bottom - CONTROLS_PX) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size <= 2) begin();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2) {
      const now = middle();
      zoom(start.scale * now.apart / start.apart, now.x, now.y);
    } else if (fingers.size === 1 && start.view && event.buttons) {
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      const isFree = view.scale > 1;
      view.x = start.view.x + (isFree || Math.abs(dx) > Math.abs(dy) ? dx : 0);
      view.y = start.view.y + (isFree || (dy > 0 && dy > Math.abs(dx)) ? dy : 0);
    }
    place(true);
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (fingers.size) return begin();
    const [dx, dy] = [event.clientX - (start.x ?? 0), event.clientY - (start.y ?? 0)];
    if (view.scale === 1 && start.view) {
      if (event.type === "pointerup" && Math.abs(dx) > SWIPE_PX && Math.abs(dx) > Math.abs(dy)) return go((dx < 0) === isRightToLeft ? -1 : 1);
      if (event.type === "pointerup" && dy > 2 * SWIPE_PX) return box.close();
      view = { scale: 1, x: 0, y: 0 };
    }
    if (event.type === "pointerup" && start.view && Math.hypot(dx, dy) < 10) {
      const now = performance.now();
      if (now - tapped < DOUBLE_TAP_MS) zoom(view.scale > 1 ? 1 : 2.5, event.clientX, event.clientY);
      tapped = now;
    }
    place();
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(view.scale * (event.deltaY < 0 ? 1.2 : 1 / 1.2), event.clientX, event.clientY);
    place(true);
  }, { passive: false });

  box.addEventListener("keydown", (event) => {
    // In a player they seek.
    if (event.target.tagName === "VIDEO") return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) go(isRightToLeft ? -step : step);
    else if (event.key === "+" || event.key === "-") {
      zoom(view.scale * (event.key === "+" ? 1.5 : 1 / 1.5), innerWidth / 2, innerHeight / 2);
      place();
    } else return;
    event.preventDefault();
  });
  for (const [name, step] of [["previous", -1], ["next", 1]]) {
    const button = $(`.${name}`, box);
    button.hidden = links.length < 2;
    button.addEventListener("click", () => go(step));
  }
  $(".close", box).addEventListener("click", () => box.close());

  // Back closes it, and closing it takes its place out of the history.
  const gone = () => box.close();
  addEventListener("popstate", gone, { once: true });
  box.addEventListener("close", () => {
    leave();
    removeEventListener("popstate", gone);
    if (history.state?.lightbox) history.back();
    box.remove();
    link.focus({ preventScroll: true });
  });
  history.pushState({ lightbox: true }, "");
  document.body.append(box);
  show(at);
  box.setAttribute("aria-label", altOf(link));
  box.showModal();
  $(".close", box).focus();
  for (const playing of document.querySelectorAll("main video, main audio")) playing.pause();
  // Whoever taps a film wants to see it.
  if (isFilm()) picture.play().catch(() => {});
}
