// What the browser does for the site without a page: it shows one page when there is no connection, and what was pushed. It keeps
// that page and its style, and no page of anybody's.

const root = new URL(registration.scope).pathname.replace(/\/$/, "");
const OFFLINE = `${root}/main/offline`;
const SHELF = `shell ${VERSION}`;

// The page in the reader's language, with what it needs.
async function keep() {
  const answer = await fetch(OFFLINE, { cache: "no-store" });
  if (!answer.ok) return;
  const html = await answer.clone().text();
  const files = new Set([...html.matchAll(/(?:href|src)="([^"#]*\/assets\/[^"#]*)/g)].map(([, file]) => file.replaceAll("&amp;", "&")));
  const shelf = await caches.open(SHELF);
  await shelf.addAll([...files]);
  await shelf.put(OFFLINE, answer);
}

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name !== SHELF) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(tidy());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(OFFLINE)) ?? Response.error()));
    // Another language, another page.
    if (url.pathname.startsWith(`${root}/main/settings/`) && url.searchParams.has("saved")) event.waitUntil(keep().catch(() => {}));
  } else if (url.pathname.startsWith(`${root}/assets/`)) {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
  }
});

addEventListener("push", (event) => {
  const { title, body, url, tag } = event.data?.json() ?? {};
  if (title) event.waitUntil(registration.showNotification(title, { body, tag, icon: ICON, badge: ICON, data: { url } }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? `${root}/`, location.origin).href;
  const open = async () => {
    for (const client of await clients.matchAll({ type: "window" })) {
      if (client.url === url) return client.focus();
    }
    return clients.openWindow(url);
  };
  event.waitUntil(open());
});
