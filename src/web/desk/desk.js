// The desk's page: take an invitation, sign in, see what is open, act.
// Tokens and the unlock key live in this page's memory alone: closing it signs this page out of them.
"use strict";

const MINUTE = 60_000;
const page = document.getElementById("page");
let session = null;
let redraw = null;

// What a person can do with a report: the words on it, where it goes, and what it asks for.
const ACTS = {
  acknowledge: { says: "I have it", to: "acknowledgement" },
  answer: {
    says: "Close out", to: "answer", keyed: true,
    note: "Recorded with your role and the time; the union side and whoever filed it read it.",
    fields: [
      choice("kind", "What is it?", { action: "This was done, or will be", dispute: "We see no hazard, because …", referral: "Not ours. It belongs to …" }),
      text("text", "In your words"),
      line("by_role", "By which role", () => session.member.seats.flatMap((seat) => seat.roles)[0] ?? ""),
      choice("done", "Done?", { done: "Done", planned: "Planned" }, (values) => values.kind === "action", { done: "yes", planned: "planned" }),
      moment("done_by", "If planned: done by", (values) => values.kind === "action" && values.done === "planned"),
    ],
  },
  stop_work: { says: "Work was stopped", to: "stop-work", keyed: true, fields: [text("what", "What was stopped"), line("may_restart_role", "Which role may restart it", () => "upm")] },
  resume: { says: "Work goes on", to: "resumption", keyed: true, fields: [text("what_changed", "What changed")] },
  verify: {
    says: "Union check", to: "verification", keyed: true,
    fields: [choice("verdict", "What did you find?", { verified: "It is so", rejected: "It is not fixed" }), text("note", "What you saw", true)],
  },
  escalate: { says: "Tell the next step now", to: "escalation", keyed: true, fields: [text("reason", "Why")] },
  summarise: { says: "Share a summary with both sides", to: "summary", keyed: true, fields: [text("text", "The summary")] },
  write: { says: "Write to whoever filed it", to: "messages", keyed: true, fields: [text("text", "Your words")] },
  take_over: { says: "Take it over", to: "holder" },
  not_credible: { says: "Not credible (needs a second person)", to: "not-credible", keyed: true, fields: [text("reason", "Why")] },
  recuse: { says: "Take me off it", to: "recusal", note: "It disappears from your list. This cannot be undone." },
};

function text(name, label, optional = false) { return { name, label, tag: "textarea", optional }; }
function line(name, label, first = () => "") { return { name, label, tag: "input", first }; }
function moment(name, label, when) { return { name, label, tag: "input", type: "datetime-local", when, optional: true }; }
function choice(name, label, options, when, codes) { return { name, label, tag: "select", options, when, codes }; }

// Everything said is put in as text, never as markup.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function show(...children) {
  page.replaceChildren(...children.filter(Boolean));
  page.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function say(words) {
  const said = document.getElementById("said");
  said.textContent = words ?? "";
  said.hidden = !words;
}

async function call(method, path, body, headers = {}) {
  const signed = session ? { Authorization: `Bearer ${session.access_token}`, "Unlock-Key": session.unlock_key } : {};
  const sent = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers: { ...signed, ...sent, ...headers }, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  const known = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return known;
  throw Object.assign(new Error(known?.detail ?? known?.title ?? "The host did not answer. Try again."), { type: known?.type });
}

// The access token lasts ten minutes; one that is over is renewed and the call made once more.
async function asMember(method, path, body, headers) {
  try {
    return await call(method, path, body, headers);
  } catch (error) {
    if (!String(error.type).endsWith("/sign-in-required")) throw error;
    const renewed = await call("POST", "/v1/sessions/refresh", { refresh_token: session.refresh_token }).catch(() => null);
    if (!renewed) { session = null; signIn(); throw new Error("Your session is over. Sign in again."); }
    Object.assign(session, renewed);
    return call(method, path, body, headers);
  }
}

function doing(work) {
  return async (event) => {
    event?.preventDefault();
    const button = event?.submitter ?? event?.currentTarget;
    if (button?.tagName === "BUTTON") button.disabled = true;
    say(null);
    try { await work(event); } catch (error) { say(error.message); } finally { if (button?.tagName === "BUTTON") button.disabled = false; }
  };
}

// Codes as people read them; what is not listed is shown with spaces.
const WORDS = {
  immediate: "someone could be hurt now", next_setup: "before next setup", next_call: "before next call", concern: "not soon, but it should be fixed",
  acknowledgement: "reply", completion: "to be done", verification: "union check", contest: "crew may say it is not fixed",
  exhausted: "everyone was told, nobody answered", breached: "no reply in time", contested: "crew: it is not fixed", acknowledged: "somebody has it",
  verified: "union check: it is so", rejected: "union check: it is not fixed", not_verified: "answered, not checked", rest_breach: "rest cut short",
  substances: "drugs or alcohol", minors: "children", upm: "unit production manager", "1st_ad": "1st AD",
};
function plain(code) { return WORDS[code] ?? (code ?? "").replaceAll("_", " "); }

function time(at) {
  if (!at) return "";
  const then = new Date(at);
  const today = then.toDateString() === new Date().toDateString();
  return then.toLocaleString([], { weekday: today ? undefined : "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
}

function left(report) {
  if (report.status === "exhausted") return { words: "overdue", late: true };
  if (!report.due_at) return { words: plain(report.status), late: false };
  const minutes = Math.ceil((new Date(report.due_at) - Date.now()) / MINUTE);
  if (minutes <= 0) return { words: "overdue", late: true };
  const words = minutes < 120 ? `${minutes} min left` : minutes < 2880 ? `${Math.floor(minutes / 60)} h left` : `${Math.floor(minutes / 1440)} days left`;
  return { words, late: minutes <= 15 };
}

function acceptance(code) {
  const accept = doing(async (event) => {
    const form = new FormData(event.target);
    const made = await call("POST", `/v1/invitations/${encodeURIComponent(code)}/acceptance`, { name: form.get("name"), password: form.get("password") });
    history.replaceState(null, "", "/desk");
    made.recovery_words ? words(made.recovery_words) : signIn("You have your seat. Sign in with the password that you had before.");
  });
  show(
    make("h1", {}, "Take your seat"),
    make("p", {}, "You are invited to a desk that receives safety reports. If you have an account here already, give its own password."),
    make("form", { onsubmit: accept },
      make("label", {}, "Your name, as your desk sees it", make("input", { name: "name", required: true, autocomplete: "name", maxlength: 100 })),
      make("label", {}, "A password, 12 characters or more", make("input", { name: "password", type: "password", required: true, minlength: 12, maxlength: 128, autocomplete: "new-password" })),
      make("button", { type: "submit" }, "Take my seat")),
  );
}

function words(recovery) {
  show(
    make("h1", {}, "Your twelve words"),
    make("p", {}, "They bring you back if you forget your password. Nobody can give them to you again: write them down now."),
    make("p", { class: "words" }, recovery),
    make("button", { type: "button", onclick: () => signIn() }, "I wrote them down"),
  );
}

function signIn(first) {
  redraw = null;
  document.getElementById("who").textContent = "";
  const enter = doing(async (event) => {
    const form = new FormData(event.target);
    session = await call("POST", "/v1/sessions", { email: form.get("email"), password: form.get("password") });
    await board();
  });
  show(
    make("h1", {}, "Sign in"),
    first ? make("p", {}, first) : null,
    make("form", { onsubmit: enter },
      make("label", {}, "E-mail", make("input", { name: "email", type: "email", required: true, autocomplete: "username" })),
      make("label", {}, "Password", make("input", { name: "password", type: "password", required: true, autocomplete: "current-password" })),
      make("button", { type: "submit" }, "Sign in")),
  );
}

function row(report) {
  const clock = left(report);
  const holder = report.holder ? `held by ${report.holder.name ?? plain(report.holder.role)}` : "nobody has it";
  return make("button", { type: "button", class: "row", onclick: doing(() => open(report.id)) },
    make("strong", {}, report.handle), make("span", { class: clock.late ? "left late" : "left" }, clock.words),
    make("span", { class: "quiet" }, `${report.shown_as} · ${plain(report.category)} · ${plain(report.severity)}`),
    make("span", { class: "quiet" }, report.due_at ? `${plain(report.awaiting)} by ${time(report.due_at)} · ${holder}` : holder));
}

async function board(cursor) {
  const found = await asMember("GET", `/v1/reports?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  redraw = () => board(cursor);
  document.getElementById("who").replaceChildren(`${session.member.name} `, make("button", { type: "button", class: "plain", onclick: doing(leave) }, "Sign out"));
  show(
    make("h1", {}, "Reports"),
    ...found.items.map(row),
    found.items.length ? null : make("p", {}, "Nothing that you may see. New reports come by mail, and stand here."),
    found.next ? make("button", { type: "button", class: "plain", onclick: doing(() => board(found.next)) }, "More") : null,
  );
}

async function leave() {
  await call("DELETE", "/v1/sessions/current").catch(() => null);
  session = null;
  signIn("You are signed out.");
}

function facts(part) {
  const said = Object.entries(part ?? {}).filter(([, value]) => value !== null && value !== false && value.length !== 0);
  return make("dl", {}, ...said.flatMap(([name, value]) => {
    const free = name === "make_safe" || name === "narrative";
    return [make("dt", {}, plain(name)), make("dd", {}, free ? value : plain(Array.isArray(value) ? value.join(", ") : value === true ? "yes" : value))];
  }));
}

function section(title, content, open = true) {
  return content ? make("details", { open }, make("summary", {}, title), content) : null;
}

function list(items, line) {
  return items.length ? make("ol", {}, ...items.map((item) => make("li", {}, line(item)))) : null;
}

async function open(id, known) {
  const report = known ?? await asMember("GET", `/v1/reports/${id}`);
  redraw = null;
  const clock = left(report);
  const level = (item) => (item.level ? `step ${item.level}: ` : "");
  const role = (item) => (item.by_role ? `, ${plain(item.by_role)}` : "");
  const can = report.acts.filter((act) => ACTS[act]);
  const due = can.find((act) => ["acknowledge", "answer", "verify"].includes(act));
  show(
    make("p", {}, make("button", { type: "button", class: "plain", onclick: doing(() => board()) }, "← Reports")),
    make("h1", {}, report.handle),
    make("p", { class: "over" }, make("span", {}, report.shown_as), make("span", {}, plain(report.category)), make("span", {}, plain(report.severity)), make("span", { class: clock.late ? "late" : "" }, clock.words)),
    report.altered ? make("p", { class: "late" }, "Something here was altered after filing, and is not shown.") : null,
    report.due_at ? make("p", {}, `${plain(report.awaiting)} by ${time(report.due_at)}`) : null,
    due ? act(report, due, true) : null,
    section("What was reported", report.shared || report.union ? make("div", {}, facts(report.shared), facts(report.union)) : null),
    section("Summary", report.summary ? make("p", {}, report.summary) : null),
    section("Answers", list(report.answers, (a) => `${time(a.at)}${role(a)}: ${a.text ?? plain(a.kind)}${a.in_time ? "" : " (late)"}`)),
    section("Messages", list(report.messages, (m) => `${time(m.at)}, ${plain(m.from)}: ${m.text ?? "(sealed)"}`)),
    section("No reply in time", list(report.unanswered_by, (u) => `${level(u)}${u.desks.join(", ")}, by ${time(u.due_at)}${u.told ? "" : " (not told)"}${u.answered_late_at ? `, answered late ${time(u.answered_late_at)}` : ""}`)),
    section("What happened", list(report.timeline, (t) => `${time(t.at)} ${level(t)}${plain(t.what)}${role(t)}${t.text ? `: ${t.text}` : ""}`), false),
    ...can.filter((code) => code !== due).map((code) => act(report, code, false)),
  );
}

function field(spec) {
  const options = Object.entries(spec.options ?? {}).map(([code, says]) => make("option", { value: code }, says));
  const element = make(spec.tag, { name: spec.name, type: spec.type ?? null, maxlength: spec.tag === "textarea" ? 2000 : null, required: !spec.optional }, ...options);
  if (spec.first) element.value = spec.first();
  return make("label", {}, spec.label, element);
}

function body(act, form) {
  const values = Object.fromEntries(new FormData(form));
  const asked = (act.fields ?? []).filter((spec) => (spec.when?.(values) ?? true) && values[spec.name] !== "");
  return Object.fromEntries(asked.map((spec) => {
    const value = values[spec.name];
    return [spec.name, spec.type ? new Date(value).toISOString() : spec.codes?.[value] ?? value];
  }));
}

function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function act(report, code, large) {
  const spec = ACTS[code];
  // One key per form: pressing again after a lost answer says nothing twice.
  const headers = spec.keyed ? { "Idempotency-Key": key() } : {};
  const send = doing(async (event) => {
    const now = await asMember("POST", `/v1/reports/${report.id}/${spec.to}`, spec.fields ? body(spec, event.target) : undefined, headers);
    await (now?.id ? open(report.id, now) : board());
  });
  const form = make("form", { onsubmit: send },
    ...(spec.fields ?? []).map(field),
    spec.note ? make("p", { class: "small" }, spec.note) : null,
    make("button", { type: "submit" }, spec.says));
  return large ? form : section(spec.says, form, false);
}

// The list grows old: deadlines pass and others act. A report stays as it is while somebody reads or writes.
setInterval(() => {
  if (session && redraw && document.visibilityState === "visible") redraw().catch((error) => say(error.message));
}, 30_000);

const invited = new URLSearchParams(location.hash.slice(1)).get("invitation");
invited ? acceptance(invited) : signIn();
