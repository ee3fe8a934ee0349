// The page asks, the program on this computer does. The token is behind the # of the address: a
// browser sends that to nobody.
const token = location.hash.slice(1);
const LOOK_AGAIN = 2000, STAY = 20000;
const $ = (id) => document.getElementById(id);
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

let start, file, delivery, round = 0;

class Refused extends Error {}

async function ask(method, path, asked = {}, body = undefined) {
  const headers = { Authorization: `Bearer ${token}` };
  const query = new URLSearchParams(asked);
  let answer;
  try {
    answer = await fetch(`${path}?${query}`, { method, headers, body, cache: "no-store" });
  } catch {
    throw new Refused("Het programma antwoordt niet. Is het venster gesloten? Start dan opnieuw: aanleveren venster.");
  }
  if (answer.ok) return answer;
  if (answer.status === 401) throw new Refused("Deze pagina hoort bij een venster dat gesloten is. Start opnieuw: aanleveren venster.");
  const told = await answer.json().catch(() => ({}));
  throw new Refused(told.error ?? `Technische fout (${answer.status}).`);
}

const tell = async (...question) => (await ask(...question)).json();

// --- what is shown ---------------------------------------------------------------------------
function say(words) { $("live").textContent = words; }

function fault(error) {
  if (!(error instanceof Refused)) console.error(error);
  $("fault").textContent = error instanceof Refused ? error.message : "Technische fout in deze pagina.";
  $("fault").hidden = false;
  $("fault").scrollIntoView({ block: "nearest" });
}

function show(section, visible = true) { $(section).hidden = !visible; }

function turnTo(section) {
  show(section);
  $(`${section}-title`).focus({ preventScroll: true });
  $(section).scrollIntoView();
}

function part(node, name, words) {
  const found = node.querySelector(`.${name}`);
  found.textContent = words ?? "";
  found.hidden = !words;
}

function shownGroup(group) {
  const node = $("group").content.cloneNode(true);
  node.querySelector(".group").classList.toggle("refuses", group.refuses);
  node.querySelector(".group").open = group.refuses;
  part(node, "code", group.code);
  part(node, "message", group.message);
  part(node, "count", `${group.count} keer`);
  part(node, "field", group.field && [group.label, `(${group.field})`].filter(Boolean).join(" "));
  part(node, "fix", group.fix);
  const more = group.more ? ` en nog ${group.more}` : "";
  const label = group.rows.length === 1 ? "Regel" : "Regels";
  part(node, "rows", group.rows.length ? `${label} ${group.rows.join(", ")}${more}` : "");
  part(node, "link", group.link && `Uitleg: ${group.link}`);
  return node;
}

function shownGroups(groups) {
  const kinds = [
    ["Fouten: dit wordt geweigerd", groups.filter((each) => each.refuses)],
    ["Waarschuwingen: kijk dit na", groups.filter((each) => !each.refuses)],
  ];
  return kinds.filter(([, alike]) => alike.length).flatMap(([title, alike]) => {
    const heading = Object.assign(document.createElement("h3"), { textContent: title });
    const list = Object.assign(document.createElement("ol"), { className: "groups" });
    list.append(...alike.map(shownGroup));
    return [heading, list];
  });
}

function shownCount([words, number]) {
  const pair = document.createElement("div");
  for (const [kind, told] of [["dt", words], ["dd", number]]) {
    pair.append(Object.assign(document.createElement(kind), { textContent: told }));
  }
  return pair;
}

function stage(words) {
  $("stages").append(Object.assign(document.createElement("li"), { textContent: words }));
  say(words);
}

function notice(id, tone, words) {
  $(id).className = `notice ${tone}`;
  if (words !== undefined) $(id).textContent = words;
  $(id).hidden = false;
}

const TONES = { groen: "good", geel: "mixed", rood: "bad" };

// --- 1 and 2: check --------------------------------------------------------------------------
async function check(chosen) {
  const dataset = $("dataset").value, centre = $("centre").value;
  const { most_bytes: most } = start.datasets.find((each) => dataset.startsWith(each.id));
  if (chosen.size > most) throw new Refused(`Het bestand is te groot: het mag hoogstens ${most / 1e6} MB zijn.`);
  const found = await tell("POST", "check", { dataset, centre, name: chosen.name }, chosen);
  file = found.file;
  $("outcome-file").textContent = `${chosen.name} – ${found.dataset} – ${centre}`;
  notice("verdict", TONES[found.verdict.tone]);
  $("verdict-word").textContent = `${found.verdict.word}.`;
  $("verdict-sentence").textContent = found.verdict.sentence;
  const { records, accepted, refused } = found.counts;
  const counts = [["records", records], ["goed", accepted], ["geweigerd", refused]];
  $("counts").replaceChildren(...counts.map(shownCount));
  $("findings").replaceChildren(...shownGroups(found.groups));
  openDelivery(accepted);
  turnTo("outcome");
  say(`${found.verdict.word}. ${found.verdict.sentence} ${found.groups.length} soorten meldingen.`);
}

function openDelivery(accepted) {
  const why = start.why_not_deliver
    ? `Vanaf deze computer kunt u nog niet aanleveren. ${start.why_not_deliver}`
    : accepted ? "" : "Geen enkel record is goed. Verbeter het bestand en controleer het opnieuw.";
  if (why) notice("why-not", "mixed", why);
  show("why-not", Boolean(why));
  show("deliver-form", !why);
  for (const choice of document.getElementsByName("kind")) choice.disabled = false;
  show("send");
  show("pseudonymise", start.can_pseudonymise);
  show("deliver");
}

function forget() {
  round += 1; // what still waits for an older file stops
  file = delivery = undefined;
  for (const section of ["outcome", "pseudonymise", "deliver", "follow"]) show(section, false);
}

// --- 3 and 4: deliver, follow, fetch ---------------------------------------------------------
async function deliver(kind) {
  const mine = ++round;
  show("sending");
  const sent = tell("POST", "deliver", { file, kind }).finally(() => show("sending", false));
  watchSending(sent);
  await sent;
  const choices = [...document.getElementsByName("kind")];
  for (const choice of choices.filter((each) => each.value === kind)) {
    Object.assign(choice, { disabled: true, checked: false });
  }
  show("send", choices.some((each) => !each.disabled));
  $("stages").replaceChildren();
  for (const id of ["ended", "fetch", "answered"]) show(id, false);
  turnTo("follow");
  stage(`Verstuurd (${kind}).`);
  await follow(mine);
}

async function watchSending(sent) {
  let under = true;
  sent.catch(() => {}).finally(() => { under = false; });
  while (under) {
    await wait(400);
    const { sent: done, size } = await tell("GET", "progress").catch(() => ({}));
    if (!size || !under) continue;
    $("sent").max = size;
    $("sent").value = done;
    $("sent-told").textContent = `Versturen: ${Math.round((100 * done) / size)}%`;
  }
}

async function follow(mine) {
  waiting("Wachten op de ontvangstbevestiging…");
  const received = await until(mine, async () => (await tell("GET", "receipt")).delivery_id);
  if (!received) return;
  delivery = received;
  stage(`Ontvangen door de NHR, onder nummer ${delivery}.`);
  waiting("De NHR verwerkt het bestand…");
  const done = await until(mine, async () => {
    const told = await tell("GET", "status", { delivery });
    return told.processed && told;
  });
  if (!done) return;
  waiting("");
  const tone = { mislukt: "bad", geweigerd: "bad" }[done.status] ?? (done.groups.some((each) => each.refuses) ? "mixed" : "good");
  notice("ended", tone, done.sentence);
  $("answered-findings").replaceChildren(...shownGroups(done.groups));
  $("answered-title").textContent = `Alle meldingen van de NHR (${done.groups.length})`;
  show("answered", done.groups.length > 0);
  show("fetch");
  $("follow").scrollIntoView({ block: "nearest" });
  say(done.sentence);
}

function waiting(words) {
  $("waiting-told").textContent = words;
  show("waiting", Boolean(words));
}

// A network that is away for a moment is no reason to stop waiting; it is told all the same.
async function until(mine, look) {
  while (mine === round) {
    try {
      const found = await look();
      $("fault").hidden = true;
      if (found && mine === round) return found;
    } catch (error) {
      if (mine === round) fault(error);
    }
    await wait(LOOK_AGAIN);
  }
  return undefined;
}

async function fetchReport() {
  const report = await (await ask("GET", "report", { delivery })).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(report);
  link.download = `${delivery}.xlsx`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  say("De rapportage is opgehaald.");
}

// --- what the person does --------------------------------------------------------------------
async function work(button, busy, task) {
  $("fault").hidden = true;
  button.disabled = true;
  if (busy) show(busy);
  try {
    await task();
  } catch (error) {
    fault(error);
  } finally {
    button.disabled = false;
    if (busy) show(busy, false);
  }
}

$("check-form").addEventListener("submit", (event) => {
  event.preventDefault();
  forget();
  say("Bezig met controleren.");
  work($("check"), "checking", () => check($("file").files[0]));
});

for (const id of ["file", "dataset", "centre"]) $(id).addEventListener("input", forget);
$("centre").addEventListener("input", () => { $("centre").value = $("centre").value.toUpperCase(); });

$("deliver-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const kind = new FormData(event.target).get("kind");
  work($("send"), undefined, () => deliver(kind));
});

$("fetch").addEventListener("click", () => work($("fetch"), undefined, fetchReport));

for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover"]) $("drop").addEventListener(kind, () => $("drop").classList.add("over"));
for (const kind of ["dragleave", "drop"]) $("drop").addEventListener(kind, () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  $("file").files = event.dataTransfer.files;
  forget();
});

// --- opening and leaving ---------------------------------------------------------------------
async function open() {
  start = await tell("GET", "start");
  const choices = start.datasets.map(({ id, label }) => new Option(`${label} (${id})`, id));
  if (start.dataset && !start.datasets.some((each) => each.id === start.dataset)) {
    choices.unshift(new Option(start.dataset, start.dataset));
  }
  $("dataset").replaceChildren(...choices);
  if (start.dataset) $("dataset").value = start.dataset;
  $("centre").value = start.centre ?? "";
  if (start.kind) $(`kind-${start.kind}`).checked = true;
  $("version").textContent = start.version ? `Versie ${start.version}.` : "";
}

addEventListener("pagehide", () => {
  fetch("leave", { method: "POST", headers: { Authorization: `Bearer ${token}` }, keepalive: true });
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
setInterval(() => ask("GET", "stay").catch(fault), STAY);
open().catch(fault);
