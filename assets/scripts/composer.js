// The box to post where scripts run: photos are sent at once and in pieces, so that a lost network or a reload costs little; a
// draft is kept on the device; who will see it is said in words while one chooses.

const PIECE_BYTES = 1 << 20;
const AT_ONCE = 2;
const PAUSE_MS_MAX = 30_000;
// A still picture out of a film: its longest side in pixels, how far from the beginning, and how long it is waited for.
const FRAME_SIDE = 1280;
const FRAME_AT_SECS = 1;
const FRAME_MS_MAX = 8_000;
// So many tries lead to the longest pause: room on a disk comes slowly.
const LONG_WAIT = 6;
// How long what was shared waits on the device for somebody who logs in: a day.
const SHARED_MS_MAX = 86_400_000;

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

// Files that are on their way, so that a reload can go on with them. Without such a place they are chosen again.
const shelf = {
  async run(mode, ask) {
    const open = indexedDB.open("uploads", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("files");
    const base = await new Promise((done, fail) => { open.onsuccess = () => done(open.result); open.onerror = fail; });
    try {
      const asked = ask(base.transaction("files", mode).objectStore("files"));
      return await new Promise((done, fail) => { asked.onsuccess = () => done(asked.result); asked.onerror = fail; });
    } finally { base.close(); }
  },
  keep: (key, file) => shelf.run("readwrite", (files) => files.put(file, key)).catch(() => {}),
  find: (key) => shelf.run("readonly", (files) => files.get(key)).catch(() => undefined),
  drop: (key) => shelf.run("readwrite", (files) => files.delete(key)).catch(() => {}),
  clear: () => shelf.run("readwrite", (files) => files.clear()).catch(() => {}),
};

class Failure extends Error {
  constructor(status, words) { super(words); this.status = status; }
}

export default function composer(form) {
  const $ = (selector) => form.querySelector(selector);
  const $$ = (selector) => [...form.querySelectorAll(selector)];
  const says = (name) => $(`[data-says="${name}"]`).textContent;
  const { user, root } = document.body.dataset;
  const at = (path) => root + path;
  const draftKey = `draft ${user}`;
  const most = Number(form.dataset.most);
  const list = $(".waiting");
  const dialog = form.closest("dialog");
  let items = [];
  let isSending = false;
  let isOver = false;

  // Where it was begun: to whom it is written, or the album, stays in the address.
  const { begun } = form.dataset;
  const begunAt = () => at(`/main/compose${begun ? `?${begun}` : ""}`);

  const newOnce = () => { form.elements.once.value = base64(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(9)))); };

  // Asks the server; a token that is too old is fetched anew, once.
  async function ask(method, path, { headers = {}, body, progress } = {}, again = true) {
    const answer = await new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open(method, at(path));
      request.setRequestHeader("X-CSRF-Token", form.elements._csrf.value);
      // What goes wrong before a handler has it is said on a page, in the reader's language.
      request.setRequestHeader("Accept", "text/html");
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.timeout = 120_000;
      request.onload = () => done(request);
      request.onerror = request.ontimeout = request.onabort = () => fail(new Failure(0, ""));
      if (progress) {
        request.upload.onprogress = (event) => progress(event.loaded);
        progress.stop?.(() => request.abort());
      }
      request.send(body);
    });
    let told = {};
    try { told = JSON.parse(answer.responseText); } catch {
      const page = new DOMParser().parseFromString(answer.responseText, "text/html");
      told.error = page.querySelector("#error")?.textContent ?? page.body.textContent;
    }
    if (answer.status < 400) return told;
    if (answer.status === 403 && again && (await renewed())) return ask(method, path, { headers, body, progress }, false);
    throw new Failure(answer.status, told.error ?? "");
  }

  async function renewed() {
    const page = await fetch(at("/main/compose"), { headers: { "HX-Request": "true" } });
    const html = new DOMParser().parseFromString(await page.text(), "text/html");
    const token = html.querySelector("#composer [name=_csrf]")?.value;
    if (!token || token === form.elements._csrf.value) return false;
    form.elements._csrf.value = token;
    return true;
  }

  // Whoever was logged out in the meantime comes back to the draft.
  function logIn() {
    keep();
    location.assign(at(`/main/login?continue=${encodeURIComponent(begunAt())}`));
  }

  function complain(words) {
    const error = $("#error");
    error.textContent = words;
    error.hidden = !words;
    if (words) error.scrollIntoView({ block: "nearest" });
  }

  // The draft: words and choices here, photos on the server.
  function keep() {
    if (isOver) return;
    const fields = {};
    for (const name of ["content", "title", "place", "date", "latitude", "longitude", "audience", "names", "album"]) {
      fields[name] = form.elements[name]?.value ?? "";
    }
    const also = $$("[name=also]:checked").map((box) => box.value);
    const files = items.map(({ id, key, name, alt }) => ({ id, key, name, alt }));
    const isEmpty = !fields.content && !fields.title && !fields.place && !files.length;
    try {
      if (isEmpty) localStorage.removeItem(draftKey);
      else localStorage.setItem(draftKey, JSON.stringify({ fields, also, notify: form.elements.notify.checked, files, once: form.elements.once.value }));
    } catch { /* The browser has no room: the form is all there is. */ }
    $(".discard").hidden = isEmpty;
  }
  let soon;
  const keepSoon = () => { clearTimeout(soon); soon = setTimeout(keep, 300); };

  async function restore() {
    let draft;
    try { draft = JSON.parse(localStorage.getItem(draftKey)); } catch { /* Nothing that can be read. */ }
    // What the page begins with is part of the draft from now on: a reload does not bring it a second time.
    if (!dialog) history.replaceState(history.state, "", begunAt());
    if (!draft) return keep();
    const { content, title } = form.elements;
    const isNew = content.value && !draft.fields.content.includes(content.value);
    if (isNew) draft.fields.content = [draft.fields.content, content.value].filter(Boolean).join("\n\n");
    draft.fields.title ||= title.value;
    for (const [name, value] of Object.entries(draft.fields)) {
      if (["audience", "names", "album"].includes(name)) {
        if (begun) continue;
        const circle = $$("[name=audience]").find((choice) => choice.value === value);
        if (circle) circle.checked = true;
        if (name === "names") form.elements.names.value = value;
        if (name === "album" && value) {
          if (form.elements.album) form.elements.album.value = value;
          // It was deleted meanwhile.
          if (!form.elements.album?.value) {
            if (form.elements.album) form.elements.album.value = "";
            complain(says("no-album"));
          }
        }
      } else if (form.elements[name]) form.elements[name].value = value;
    }
    if (!begun) {
      for (const box of $$("[name=also]")) box.checked = draft.also.includes(box.value);
      form.elements.notify.checked = draft.notify;
    }
    form.elements.once.value = draft.once || form.elements.once.value;
    if (form.elements.album?.value || draft.fields.title || draft.fields.place || draft.fields.date) $(".more").open = true;
    if (list) for (const file of draft.files) if (!items.some(({ key }) => key && key === file.key)) add(file);
    tellWho();
    keep();
  }

  // What was shared with the site when nobody was logged in, or without a network.
  async function takeShared() {
    const address = at("/main/shared");
    const kept = await globalThis.caches?.match(address);
    if (!kept) return;
    const shared = Date.now() - kept.headers.get("X-Kept") < SHARED_MS_MAX ? await kept.formData() : new FormData();
    await (await caches.open("shared")).delete(address);
    const [title, text, url] = ["title", "text", "url"].map((name) => (shared.get(name) ?? "").trim());
    const { content } = form.elements;
    content.value = [content.value, text, text.includes(url) ? "" : url].filter(Boolean).join("\n\n");
    if (!content.value.includes(title)) form.elements.title.value ||= title;
    if (list) addFiles(shared.getAll("file").filter((file) => file.size));
    keep();
  }

  // One photo or file.
  function add({ file, id = crypto.getRandomValues(new Uint32Array(2)).join("-"), key, name, alt = "", picture }) {
    const element = $("template").content.firstElementChild.cloneNode(true);
    const part = (selector) => element.querySelector(selector);
    const item = { file, id, key, name: name ?? file.name, alt, element, part, state: "waits", tries: 0 };
    part(".file-name").textContent = item.name;
    const words = part("textarea");
    words.value = alt;
    words.addEventListener("input", () => { item.alt = words.value; keepSoon(); });
    part(".earlier").addEventListener("click", () => move(item, -1));
    part(".later").addEventListener("click", () => move(item, 1));
    part(".remove").addEventListener("click", () => remove(item));
    part(".retry").addEventListener("click", () => tryAgain(item));
    draggable(item, part(".handle"));
    if (file) shelf.keep(id, file);
    if (picture) look(item, picture);
    else if (file?.type.startsWith("image/")) sketch(item);
    else if (file?.type.startsWith("video/")) item.frame = takeFrame(item);
    items.push(item);
    list.append(element);
    arrange();
    show(item);
    next();
    return item;
  }

  // One that waits is being sent already: it is only woken.
  function tryAgain(item) {
    item.tries = 0;
    if (item.state === "lost") return item.wake?.();
    item.state = "waits";
    show(item);
    next();
  }

  function look(item, address) {
    const probe = new Image();
    probe.onload = () => {
      const image = item.part("img");
      image.src = address;
      image.hidden = false;
      item.part(".kind").hidden = true;
    };
    probe.src = address;
  }

  // A small picture of what is not on the server yet.
  async function sketch(item) {
    try {
      const bitmap = await createImageBitmap(item.file, { resizeWidth: 200, resizeQuality: "low" });
      const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      if (!item.part("img").src) look(item, canvas.toDataURL("image/jpeg", 0.6));
    } catch { /* The browser cannot show it: its name does. */ }
  }

  // A picture out of a film, for those who have not played it yet. Of a film that the browser cannot read there is none.
  async function takeFrame(item) {
    const film = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto" });
    const address = URL.createObjectURL(item.file);
    const late = pause(FRAME_MS_MAX).then(() => Promise.reject(new Error("late")));
    const heard = (name) => Promise.race([late, new Promise((done, fail) => {
      film.addEventListener(name, done, { once: true });
      film.addEventListener("error", fail, { once: true });
    })]);
    late.catch(() => {});
    try {
      const begun = heard("loadeddata");
      film.src = address;
      await begun;
      const found = heard("seeked");
      film.currentTime = Number.isFinite(film.duration) ? Math.min(FRAME_AT_SECS, film.duration / 2) : 0;
      await found;
      const scale = Math.min(1, FRAME_SIDE / Math.max(film.videoWidth, film.videoHeight));
      const canvas = Object.assign(document.createElement("canvas"), {
        width: Math.round(film.videoWidth * scale), height: Math.round(film.videoHeight * scale),
      });
      canvas.getContext("2d").drawImage(film, 0, 0, canvas.width, canvas.height);
      look(item, canvas.toDataURL("image/jpeg", 0.5));
      return await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    } catch {
      return null;
    } finally {
      film.removeAttribute("src");
      film.load();
      URL.revokeObjectURL(address);
    }
  }

  function addFiles(files) {
    let room = most - items.length;
    for (const file of files) {
      if (room-- > 0) add({ file });
      else complain(says("too-many"));
    }
    keep();
  }

  function arrange() {
    list.hidden = !items.length;
    items.forEach((item, place) => {
      item.part(".earlier").disabled = place === 0;
      item.part(".later").disabled = place === items.length - 1;
      item.part("textarea").setAttribute("aria-label", `${item.part(".alt-label span").textContent} (${place + 1})`);
    });
  }

  function move(item, by) {
    const place = items.indexOf(item);
    const other = items[place + by];
    if (!other) return;
    items[place + by] = item;
    items[place] = other;
    if (by < 0) other.element.before(item.element);
    else other.element.after(item.element);
    arrange();
    const button = item.part(by < 0 ? ".earlier" : ".later");
    (button.disabled ? item.part(by < 0 ? ".later" : ".earlier") : button).focus();
    keep();
  }

  // A finger or a mouse takes a photo by its handle over the others.
  function draggable(item, handle) {
    const over = (event) => {
      const found = items.find((other) => {
        const box = other.element.getBoundingClientRect();
        return other !== item && event.clientY > box.top && event.clientY < box.bottom && event.clientX > box.left && event.clientX < box.right;
      });
      if (!found) return;
      const [from, to] = [items.indexOf(item), items.indexOf(found)];
      items.splice(to, 0, ...items.splice(from, 1));
      if (from < to) found.element.after(item.element);
      else found.element.before(item.element);
      arrange();
    };
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      item.element.classList.add("lifted");
      const end = () => {
        removeEventListener("pointermove", over);
        item.element.classList.remove("lifted");
        keep();
      };
      addEventListener("pointermove", over);
      addEventListener("pointerup", end, { once: true });
      addEventListener("pointercancel", end, { once: true });
    });
  }

  function remove(item) {
    item.state = "gone";
    item.stop?.();
    item.wake?.();
    const place = items.indexOf(item);
    items = items.filter((other) => other !== item);
    item.element.remove();
    forget(item);
    arrange();
    (items[place] ?? items[place - 1])?.part(".remove").focus();
    keep();
    next();
  }

  function forget(item) {
    shelf.drop(item.id);
    if (item.key) ask("DELETE", `/main/uploads/${item.key}`).catch(() => {});
  }

  function show(item) {
    const { part } = item;
    const progress = part("progress");
    progress.hidden = !["waits", "sends", "lost"].includes(item.state);
    progress.value = item.bytes ? Math.round((100 * (item.sent ?? 0)) / item.bytes) : 0;
    const words = { waits: says("waits"), sends: `${progress.value} %`, lost: item.problem || says("lost"), made: says("made"), done: says("done"), failed: item.problem };
    part(".state .words").textContent = words[item.state] ?? "";
    part(".retry").hidden = !["failed", "lost"].includes(item.state);
    item.element.dataset.state = item.state;
  }

  function next() {
    const busy = items.filter((item) => ["sends", "lost", "made"].includes(item.state)).length;
    items.filter((item) => item.state === "waits").slice(0, Math.max(0, AT_ONCE - busy)).forEach(send);
    if (isSending && !items.some((item) => !["done", "failed"].includes(item.state))) post();
  }

  // Sends one file, from where the server has it, for as long as that takes.
  async function send(item) {
    item.state = "sends";
    show(item);
    while (item.state === "sends" || item.state === "lost") {
      try {
        await sendOn(item);
        item.state = "done";
        shelf.drop(item.id);
      } catch (error) {
        if (item.state === "gone") return;
        const { status } = error;
        if (status === 401) return logIn();
        const isFull = status === 507;
        const isPassing = isFull || status === 0 || status === 408 || status === 429 || status === 502 || status === 503 || (status === 409 && item.key);
        item.problem = isFull || !isPassing ? error.message : "";
        if (!isPassing) {
          item.state = "failed";
          if (status < 500 && item.key && item.file) { item.key = undefined; keep(); }
        } else {
          item.state = "lost";
          if (isFull) item.tries = LONG_WAIT;
          show(item);
          await Promise.race([pause(Math.min(1000 * 2 ** item.tries++, PAUSE_MS_MAX)), new Promise((wake) => (item.wake = wake))]);
          if (item.state === "lost") item.state = "sends";
        }
      }
      if (item.state === "gone") return;
      show(item);
    }
    keep();
    next();
  }

  async function sendOn(item) {
    let state;
    if (item.key) {
      try {
        state = await ask("GET", `/main/uploads/${item.key}`);
      } catch (error) {
        if (error.status !== 404) throw error;
        item.key = undefined;
      }
    }
    if (!state?.is_whole) {
      item.file ??= await shelf.find(item.id);
      if (!item.file) return remove(item);
    }
    if (!item.key) {
      const { file } = item;
      const metadata = `filename ${base64(file.name)},filetype ${base64(file.type)}`;
      state = await ask("POST", "/main/uploads", {
        headers: { "Tus-Resumable": "1.0.0", "Upload-Length": file.size, "Upload-Metadata": metadata },
      });
      if (item.state === "gone") return ask("DELETE", `/main/uploads/${state.key}`);
      item.key = state.key;
      keep();
    }
    item.tries = 0;
    item.bytes = state.bytes;
    while (!state.is_whole) {
      const { offset } = state;
      const body = item.file.slice(offset, offset + PIECE_BYTES);
      const progress = (loaded) => {
        item.sent = offset + Math.min(loaded, body.size);
        if (item.sent >= item.bytes && item.state === "sends") item.state = "made";
        show(item);
      };
      progress.stop = (stop) => (item.stop = stop);
      if (item.state === "lost") item.state = "sends";
      try {
        state = await ask("PATCH", `/main/uploads/${item.key}`, {
          headers: { "Tus-Resumable": "1.0.0", "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" }, body, progress,
        });
      } finally {
        if (item.state === "made") item.state = "sends";
      }
      item.tries = 0;
      item.sent = state.offset;
      show(item);
    }
    // Without it the film is posted all the same.
    const frame = state.kind === "video" && !state.picture && (await item.frame);
    if (frame) {
      const headers = { "Content-Type": "image/jpeg" };
      state = await ask("POST", `/main/uploads/${item.key}/poster`, { headers, body: frame }).catch(() => state);
    }
    if (state.picture) look(item, state.picture);
  }

  // Who will see it, in words.
  function tellWho() {
    const circle = $("[name=audience]:checked");
    const words = (box) => box.closest(".choice").querySelector(".words").textContent;
    const also = $$("[name=also]:checked");
    const all = [...(circle && circle.value !== "people" ? [words(circle)] : []), ...also.map(words)];
    const typed = form.elements.names.value.trim();
    if (typed) all.push(typed);
    $(".chosen").textContent = all.join(", ") || (circle ? words(circle) : "");
    const icon = circle?.closest(".choice").querySelector(":scope > svg");
    if (icon) $(".to-whom > summary > svg").replaceWith(icon.cloneNode(true));
    for (const line of $$(".consequence [data-for]")) line.hidden = line.dataset.for !== circle?.value;
    const named = also.filter((box) => box.value.startsWith("person:")).map(words);
    const told = $(".told");
    const names = new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(named);
    told.textContent = named.length === 1 ? told.dataset.one.replace("{0}", names) : told.dataset.many.replace("{0}", names);
    told.hidden = !named.length;
    form.classList.toggle("for-all", circle?.value === "public");
  }

  form.addEventListener("change", () => {
    tellWho();
    keep();
  });
  form.addEventListener("input", keepSoon);

  // Files come from a picker, the camera, the clipboard, or are dropped.
  if (list) {
    for (const [button, input] of [[".pick-photos", "#photo"], [".pick-camera", ".camera"], [".pick-file", "#file"]]) {
      const field = $(input);
      $(button).addEventListener("click", () => field.click());
      field.addEventListener("change", () => {
        addFiles([...field.files]);
        field.value = "";
      });
    }
    $(".plainly").hidden = true;
    $(".tools").hidden = false;
    for (const kept of [...list.children]) {
      const { key, name, picture, alt } = kept.dataset;
      kept.remove();
      add({ key, name, picture, alt });
    }
    const target = dialog ?? document.body;
    target.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      addFiles(files);
    });
    const isFiles = (event) => event.dataTransfer?.types.includes("Files");
    target.addEventListener("dragover", (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      form.classList.add("target");
    });
    target.addEventListener("dragleave", () => form.classList.remove("target"));
    target.addEventListener("drop", (event) => {
      form.classList.remove("target");
      if (!isFiles(event)) return;
      event.preventDefault();
      addFiles([...event.dataTransfer.files]);
    });
  }

  // What it will look like.
  const preview = $(".preview");
  const previewButton = $("[name=preview]");
  async function togglePreview() {
    const isShown = preview.hidden;
    if (isShown) {
      try {
        const answer = await fetch(at("/main/compose/preview"), {
          method: "POST", headers: { "X-CSRF-Token": form.elements._csrf.value }, body: new URLSearchParams({ content: form.elements.content.value }),
        });
        preview.innerHTML = await answer.text();
      } catch { return complain(says("unsent")); }
    }
    preview.hidden = !isShown;
    form.elements.content.hidden = isShown;
    previewButton.textContent = says(isShown ? "write" : "look");
    (isShown ? preview : form.elements.content).focus();
  }

  // Where one is, where the browser may tell.
  const here = $(".here");
  here.hidden = !(isSecureContext && navigator.geolocation);
  here.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      form.elements.latitude.value = coords.latitude.toFixed(4);
      form.elements.longitude.value = coords.longitude.toFixed(4);
      form.elements.place.value ||= says("here");
      keep();
    }, () => complain(says("no-place")), { timeout: 15_000 });
  });
  form.elements.place.addEventListener("input", () => { form.elements.latitude.value = form.elements.longitude.value = ""; });

  $(".discard").addEventListener("click", () => {
    for (const item of items) forget(item);
    end();
    dispatchEvent(new CustomEvent("pumphouse:toast", { detail: { words: says("gone") } }));
    if (dialog) dialog.close();
    else location.assign(at("/"));
  });

  function end() {
    isOver = true;
    form.dataset.over = "yes";
    clearTimeout(soon);
    localStorage.removeItem(draftKey);
    shelf.clear();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.name === "preview") return togglePreview();
    if (isOver) return;
    complain("");
    isSending = true;
    next();
    if (isSending) $(".post").setAttribute("aria-busy", "true");
    if (isSending && items.some((item) => item.state !== "done")) complain(says(items.some((item) => item.state === "failed") ? "failed" : "sending"));
  });

  let isPosting = false;
  async function post() {
    if (isPosting || isOver) return;
    if (items.some((item) => item.state === "failed")) {
      isSending = false;
      $(".post").removeAttribute("aria-busy");
      return complain(says("failed"));
    }
    isPosting = true;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !name.startsWith("alt") && name !== "upload") body.append(name, value);
    }
    for (const item of items) {
      body.append("upload", item.key);
      body.append(`alt.${item.key}`, item.alt);
    }
    try {
      const { url, onward } = await ask("POST", "/main/post", { headers: { "X-Requested-With": "XMLHttpRequest" }, body });
      end();
      const detail = { url, words: says("posted"), see: says("see") };
      if (!dialog || !dispatchEvent(new CustomEvent("pumphouse:posted", { detail, cancelable: true }))) {
        if (!dialog) location.assign(onward);
      }
      if (dialog) dialog.close();
    } catch (error) {
      if (error.status === 401) return logIn();
      complain(error.status ? error.message : says("unsent"));
      if (!error.status) addEventListener("online", () => { if (isPosting === false) { isSending = true; next(); } }, { once: true });
      isSending = false;
    } finally {
      isPosting = false;
      $(".post").removeAttribute("aria-busy");
    }
  }

  addEventListener("online", () => items.forEach((item) => item.wake?.()));
  addEventListener("pagehide", keep);
  addEventListener("pageshow", (event) => {
    if (event.persisted && isOver) location.reload();
    else if (event.persisted) newOnce();
  });
  dialog?.addEventListener("close", () => { if (!isOver) keep(); });
  restore().then(takeShared).catch(() => { /* The browser keeps nothing. */ });
  tellWho();
}
