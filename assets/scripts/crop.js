// The new picture of somebody: a sheet in which it is moved and made larger under a round window. The server cuts; the form
// tells it where the middle of the window is and how wide it is, in parts of the picture.

const $ = (selector, root) => root.querySelector(selector);
// How much larger than at first it can be shown.
const LARGEST = 8;
// One press of a button or key: a part of the window, and times larger.
const STEP = 0.05;
const ZOOM = 1.25;
const SIDE_PX = 600;

export default function crop(box) {
  const file = $("input[type=file]", box);
  const sheet = $("template", box).content.firstElementChild.cloneNode(true);
  const stage = $("canvas", sheet);
  const again = $(".again", box);
  const note = $(".chosen", box);
  let picture;
  let view;
  let used;
  box.append(sheet);
  stage.width = stage.height = SIDE_PX;

  const fields = ["x", "y", "size"].map((name) => Object.assign(document.createElement("input"), { type: "hidden", name: `avatar-${name}` }));
  const forget = () => fields.forEach((field) => { field.value = ""; });
  box.append(...fields);

  const between = (value, least, most) => Math.min(Math.max(value, least), most);
  // The window in pixels of the picture.
  const side = () => Math.min(picture.width, picture.height) / view.zoom;
  function draw() {
    const half = side() / 2;
    view.x = between(view.x, half, picture.width - half);
    view.y = between(view.y, half, picture.height - half);
    const pen = stage.getContext("2d");
    const scale = SIDE_PX / side();
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, SIDE_PX, SIDE_PX);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, (half - view.x) * scale, (half - view.y) * scale, picture.width * scale, picture.height * scale);
    $(".zoom", sheet).value = Math.log(view.zoom) / Math.log(LARGEST) * 100;
  }
  // Makes it larger; the point at (x, y), in parts of the window from its middle, stays where it is.
  function zoom(to, x = 0, y = 0) {
    const before = side();
    view.zoom = between(to, 1, LARGEST);
    view.x += (before - side()) * x;
    view.y += (before - side()) * y;
    draw();
  }
  function move(across, down) {
    view.x += across * side();
    view.y += down * side();
    draw();
  }

  async function choose() {
    const chosen = file.files[0];
    forget();
    again.hidden = note.hidden = true;
    used = undefined;
    picture?.close();
    picture = undefined;
    // What this browser cannot read goes as it is: the server says what it is, or cuts out the middle.
    try { picture = chosen && await createImageBitmap(chosen); } catch { picture = undefined; }
    if (!picture || chosen !== file.files[0]) return;
    view = { x: picture.width / 2, y: picture.height / 2, zoom: 1 };
    open();
  }
  function open() {
    draw();
    sheet.showModal();
    stage.focus();
  }
  function use() {
    used = { ...view };
    const numbers = [view.x / picture.width, view.y / picture.height, 1 / view.zoom];
    fields.forEach((field, at) => { field.value = between(numbers[at], 0, 1).toFixed(5); });
    const small = Object.assign(document.createElement("canvas"), { width: 192, height: 192 });
    small.getContext("2d").drawImage(stage, 0, 0, 192, 192);
    const shown = Object.assign(new Image(), { className: "avatar", alt: "", src: small.toDataURL("image/jpeg", 0.85) });
    $(".avatar", box).replaceWith(shown);
    again.hidden = note.hidden = false;
    sheet.close("use");
  }
  // Without a choice everything is as before: the picture that was cut last, or none.
  sheet.addEventListener("close", () => {
    if (used) view = { ...used };
    else file.value = "";
    (used ? again : file).focus();
  });

  file.addEventListener("change", choose);
  again.addEventListener("click", open);
  $(".use", sheet).addEventListener("click", use);
  $(".cancel", sheet).addEventListener("click", () => sheet.close());
  $(".zoom", sheet).addEventListener("input", (event) => zoom(LARGEST ** (event.target.value / 100)));
  const ways = { left: [-STEP, 0], right: [STEP, 0], up: [0, -STEP], down: [0, STEP] };
  for (const [name, way] of Object.entries(ways)) $(`.${name}`, sheet).addEventListener("click", () => move(...way));
  $(".larger", sheet).addEventListener("click", () => zoom(view.zoom * ZOOM));
  $(".smaller", sheet).addEventListener("click", () => zoom(view.zoom / ZOOM));
  stage.addEventListener("keydown", (event) => {
    const way = event.key.startsWith("Arrow") && ways[event.key.slice(5).toLowerCase()];
    if (way) move(...way);
    else if (event.key === "+" || event.key === "=") zoom(view.zoom * ZOOM);
    else if (event.key === "-") zoom(view.zoom / ZOOM);
    else if (event.key === "Enter") use();
    else return;
    event.preventDefault();
  });

  // Fingers and the mouse: one moves, two make it larger where they are.
  const fingers = new Map();
  let before;
  const hold = () => {
    const all = [...fingers.values()].slice(0, 2);
    const [a, b] = [all[0], all[1] ?? all[0]];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: all[1] && Math.hypot(a.x - b.x, a.y - b.y) };
  };
  const part = (x, y) => {
    const box = stage.getBoundingClientRect();
    return [(x - box.left) / box.width - 0.5, (y - box.top) / box.height - 0.5];
  };
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    before = hold();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const now = hold();
    const width = stage.getBoundingClientRect().width;
    move((before.x - now.x) / width, (before.y - now.y) / width);
    if (now.apart && before.apart) zoom(view.zoom * now.apart / before.apart, ...part(now.x, now.y));
    before = now;
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size) before = hold();
  };
  // Else a quick move runs out like a scroll, and the next tap only stops it.
  stage.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(view.zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1), ...part(event.clientX, event.clientY));
  }, { passive: false });
}
