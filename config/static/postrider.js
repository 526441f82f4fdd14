/* Page views and who somebody is, for any website:
   <script async src="https://…/static/postrider.js" data-key="pw_…"></script>
   then postrider.identify("user-7", {email: "…"}), postrider.track("Order Completed", {total: 9.5}), postrider.reset().
   Calls made before it is loaded: window.postrider = window.postrider || {q: []}; postrider.q.push(["track", "…"]). */
(function (w, d) {
  "use strict";
  var script = d.currentScript || d.querySelector("script[data-key]");
  var key = script.getAttribute("data-key");
  var host = script.getAttribute("data-host") || new URL(script.src).origin;
  var waiting = (w.postrider && w.postrider.q) || [];
  var queue = [], timer = 0, memory = {};

  function uuid() {
    if (w.crypto && w.crypto.randomUUID) return w.crypto.randomUUID();
    return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, function (c) {
      return (c ^ (w.crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16);
    });
  }
  function kept(name, value) {
    try {
      if (value === null) w.localStorage.removeItem("postrider_" + name);
      else if (value !== undefined) w.localStorage.setItem("postrider_" + name, value);
      else return w.localStorage.getItem("postrider_" + name);
    } catch (blocked) { /* private windows: as long as the page lives */
      if (value === undefined) return memory[name];
      memory[name] = value;
    }
    return value;
  }
  function anonymous() { return kept("anonymous_id") || kept("anonymous_id", uuid()); }
  function session() {
    var now = Date.now(), last = +kept("seen") || 0, id = kept("session_id");
    if (!id || now - last > 18e5) id = kept("session_id", uuid());
    kept("seen", String(now));
    return id;
  }
  function campaign() {
    var found = {};
    new URLSearchParams(w.location.search).forEach(function (value, name) {
      if (name.slice(0, 4) === "utm_") found[name === "utm_campaign" ? "name" : name.slice(4)] = value;
    });
    return found;
  }
  function page() {
    var l = w.location;
    return { path: l.pathname, url: l.href, search: l.search, title: d.title, referrer: d.referrer };
  }
  function send() {
    clearTimeout(timer); timer = 0;
    if (!queue.length) return;
    var items = queue.splice(0, 50);
    var body = JSON.stringify({ writeKey: key, sentAt: new Date().toISOString(), batch: items });
    var later = function () { queue = items.concat(queue); timer = timer || setTimeout(send, 5000); };
    /* text/plain needs no preflight; keepalive outlives the page. Sent twice is counted once: ids stay. */
    w.fetch(host + "/v1/b", { method: "POST", body: body, keepalive: body.length < 6e4, headers: { "Content-Type": "text/plain" } })
      .then(function (r) { if (r.status >= 500 || r.status === 429) later(); else send(); }, later);
  }
  function add(message) {
    message.messageId = uuid();
    message.timestamp = new Date().toISOString();
    message.anonymousId = anonymous();
    message.sessionId = session();
    if (kept("user_id")) message.userId = kept("user_id");
    message.context = { page: page(), campaign: campaign() };
    queue.push(message);
    timer = timer || setTimeout(send, 200);
  }
  var api = w.postrider = {
    page: function (properties) { add({ type: "page", properties: Object.assign(page(), properties) }); },
    track: function (event, properties) { add({ type: "track", event: event, properties: properties || {} }); },
    identify: function (id, traits) {
      if (id) kept("user_id", String(id));
      add({ type: "identify", traits: traits || {} });
    },
    reset: function () { ["user_id", "anonymous_id", "session_id"].forEach(function (name) { kept(name, null); }); },
    flush: send
  };
  d.addEventListener("visibilitychange", function () { if (d.visibilityState === "hidden") send(); });
  if (script.getAttribute("data-page") !== "off") api.page();
  waiting.forEach(function (call) { api[call[0]].apply(api, call.slice(1)); });
})(window, document);
