// The switch that lets this browser be told of what comes (Web Push): it asks the browser for permission, and says in words why it
// cannot be.

export default function push(part) {
  const { key, root } = part.dataset;
  const on = part.querySelector("[data-on]");
  const off = part.querySelector("[data-off]");
  const test = part.querySelector("[data-test]");
  const words = (name) => {
    for (const one of part.querySelectorAll("[data-says]")) one.hidden = one.dataset.says !== name;
  };

  async function send(address, fields) {
    const body = new URLSearchParams({ _csrf: part.dataset.csrf, ...fields });
    const answer = await fetch(`${root}/main/push${address}`, { method: "POST", body });
    if (!answer.ok) throw new Error(answer.status);
  }

  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

  async function show(worker) {
    const known = await worker.pushManager.getSubscription();
    on.hidden = Boolean(known);
    off.hidden = test.hidden = !known;
    words(known ? "is-on" : Notification.permission === "denied" ? "denied" : "is-off");
    return known;
  }

  async function begin() {
    if (!isSecureContext || !("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
      return words(isSecureContext ? "unable" : "insecure");
    }
    const worker = await navigator.serviceWorker.register(`${root}/sw.js`);
    const known = await show(worker);
    const tell = (subscription) => send("", {
      endpoint: subscription.endpoint,
      key: text(subscription.getKey("p256dh")),
      secret: text(subscription.getKey("auth")),
    });
    // The server may have forgotten it, or the browser may have renewed it.
    if (known) await tell(known);
    const doing = (button, run) => button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await run();
        await show(worker);
      } catch {
        await show(worker);
        words(Notification.permission === "denied" ? "denied" : "failed");
      }
      button.disabled = false;
    });
    doing(on, async () => {
      if (await Notification.requestPermission() !== "granted") return;
      await navigator.serviceWorker.ready;
      const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
      try {
        await tell(subscription);
      } catch (error) {
        await subscription.unsubscribe();
        throw error;
      }
    });
    doing(off, async () => {
      const subscription = await worker.pushManager.getSubscription();
      if (!subscription) return;
      await send("/remove", { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
    });
    doing(test, async () => {
      const subscription = await worker.pushManager.getSubscription();
      if (subscription) await send("/test", { endpoint: subscription.endpoint });
    });
  }

  begin().catch(() => words("failed"));
}
