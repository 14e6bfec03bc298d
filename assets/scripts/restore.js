// Shows how much of a backup has been sent; what comes back is the next page, or this one with a sentence. The page that waits
// looks until the server has begun again.

const LOOK_MS = 2000;

async function wait() {
  for (;;) {
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
    try {
      const answer = await fetch("/setup/restore", { cache: "no-store", redirect: "manual" });
      // It may lead to the name that it had before.
      if (answer.status === 404 || answer.type === "opaqueredirect") { location.href = "/"; return; }
      if (answer.ok && (await answer.text()).includes('id="restore"')) { location.reload(); return; }
    } catch { /* it begins again just now */ }
  }
}

export default function restore(form) {
  if (!form.matches("form")) { wait(); return; }
  const bar = form.querySelector("progress");
  const lost = form.querySelector("[data-says=lost]");
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const request = new XMLHttpRequest();
    const rest = (isSending) => { button.disabled = isSending; bar.hidden = !isSending; };
    const fail = () => { rest(false); lost.hidden = false; };
    lost.hidden = true;
    rest(true);
    request.open("POST", form.action);
    request.responseType = "document";
    request.upload.onprogress = ({ loaded, total }) => { bar.value = loaded / total; };
    request.onload = () => {
      // Not by going there: the server may be beginning again just now.
      const waits = request.status < 400 && request.responseXML?.querySelector("main [role=status]");
      if (waits) {
        document.querySelector("#error")?.remove();
        form.replaceWith(document.adoptNode(waits));
        wait();
        return;
      }
      if (request.status < 400) { location.href = "/"; return; }
      rest(false);
      const words = request.responseXML?.querySelector("#error");
      if (!words) { fail(); return; }
      document.querySelector("#error")?.remove();
      form.before(document.adoptNode(words));
      words.scrollIntoView({ block: "center" });
    };
    request.onerror = request.onabort = request.ontimeout = fail;
    request.send(new FormData(form));
  });
}
