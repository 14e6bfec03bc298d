// What the browser does for the site without a page: it shows one page when there is no connection, and what was pushed. It keeps
// that page and its style, and no page of anybody's; and what was shared with the site when it could not be taken.

const root = new URL(registration.scope).pathname.replace(/\/$/, "");
const OFFLINE = `${root}/main/offline`;
const SHELF = `shell ${VERSION}`;
// Where the box to post finds what waits on the device.
const SHARED = `${root}/main/shared`;

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
    for (const name of await caches.keys()) if (![SHELF, "shared"].includes(name)) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(tidy());
});

// The server judges who shares. What it takes from nobody, and what does not get there, waits for whoever logs in next.
async function share(request) {
  const { body, headers } = request.clone();
  const answer = await fetch(request).catch(() => undefined);
  if (answer && answer.status !== 401) return answer;
  const kept = new Response(body, { headers: { "Content-Type": headers.get("Content-Type"), "X-Kept": Date.now() } });
  try { await (await caches.open("shared")).put(SHARED, kept); } catch { return answer ?? Response.error(); }
  return Response.redirect(`${root}/main/compose`, 303);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === SHARED) event.respondWith(share(request));
  else if (request.mode === "navigate" && request.method === "GET") {
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
  const url = event.notification.data?.url ?? `${root}/`;
  const open = async () => {
    for (const client of await clients.matchAll({ type: "window" })) {
      if (client.url === url) return client.focus();
    }
    return clients.openWindow(url);
  };
  event.waitUntil(open());
});
