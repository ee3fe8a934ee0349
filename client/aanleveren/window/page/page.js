// The page asks, the program on this computer does. The token is behind the # of the address: a
// browser sends that to nobody.
const token = location.hash.slice(1);
const LOOK_AGAIN = 2000, STAY = 20000;
const $ = (id) => document.getElementById(id);
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

let start, file, delivery, accepted, pseudonymised, round = 0;
const delivered = new Set();

class Refused extends Error {
  constructor(message, exit) {
    super(message);
    this.exit = exit;
  }
}

const DENIED = 4;

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
  throw new Refused(told.error ?? `Technische fout (${answer.status}).`, told.exit);
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

function showCounts(id, { records, accepted: good, refused }, [ofGood, ofRefused] = ["goed", "geweigerd"]) {
  const counts = [["records", records], [ofGood, good], [ofRefused, refused]];
  $(id).replaceChildren(...counts.map(shownCount));
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
  showCounts("counts", found.counts);
  $("findings").replaceChildren(...shownGroups(found.groups));
  accepted = found.counts.accepted;
  offerPseudonyms(found.pseudonymise);
  openDelivery();
  turnTo("outcome");
  say(`${found.verdict.word}. ${found.verdict.sentence} ${found.groups.length} soorten meldingen.`);
}

function openDelivery() {
  const why = start.why_not_deliver
    ? `Vanaf deze computer kunt u nog niet aanleveren. ${start.why_not_deliver}`
    : accepted ? "" : "Geen enkel record is goed. Verbeter het bestand en controleer het opnieuw.";
  if (why) notice("why-not", "mixed", why);
  show("why-not", Boolean(why));
  show("deliver-form", !why);
  show("what", Boolean(pseudonymised));
  limitKinds();
  show("deliver");
}

function forget() {
  round += 1; // what still waits for an older file stops
  if (file) tell("POST", "forget", { file }).catch(() => {}); // a check will tell that it is away
  file = delivery = accepted = pseudonymised = undefined;
  delivered.clear();
  pseudonymising(false);
  $("pseudonymise-form").reset();
  for (const section of ["outcome", "pseudonymise", "deliver", "follow"]) show(section, false);
}

// --- between: pseudonymise ----------------------------------------------------------------------
function offerPseudonyms({ can, hint }) {
  $("pseudonymise-hint").textContent = hint ?? "";
  show("pseudonymise-hint", Boolean(hint));
  askAccount("");
  show("pseudonymise-form", can);
  show("pseudonymised", false);
  show("pseudonymise", can || Boolean(hint));
}

function askAccount(why, tone = "mixed") {
  $("account").disabled = !why;
  show("account", Boolean(why));
  notice("account-why", tone, why);
  if (why) {
    $("pseudonymise").scrollIntoView({ block: "nearest" });
    say(""); // what is wrong is read with the field
    $($("account-user").value ? "account-password" : "account-user").focus();
  }
}

// What was typed goes once, and is not in the page any more when the answer comes.
function typedAccount() {
  if ($("account").disabled) return undefined;
  const typed = new URLSearchParams({ user: $("account-user").value, password: $("account-password").value });
  $("account-password").value = "";
  return typed;
}

// Of what the person sees one thing is done at a time; another file need not wait for it.
function pseudonymising(busy) {
  $("pseudonymise-start").disabled = $("send").disabled = busy;
  show("pseudonymising", busy);
}

async function pseudonymise() {
  const mine = file;
  const asking = tell("POST", "pseudonymise", { file }, typedAccount());
  pseudonymising(true);
  const done = await asking.catch((error) => ({ error }));
  if (mine !== file) return;
  pseudonymising(false);
  if (done.account) askAccount(done.account);
  else if (done.error?.exit === DENIED) askAccount(done.error.message, "bad");
  else if (done.error) throw done.error;
  else showPseudonymised(done);
}

function showPseudonymised({ name, counts, verdict, groups }) {
  pseudonymised = name;
  accepted = Math.min(accepted, counts.accepted);
  askAccount("");
  $("pseudonymise-form").reset();
  show("pseudonymise-form", false);
  const refused = counts.refused ? " De records zonder pseudoniem worden geweigerd." : "";
  const told = `Het gepseudonimiseerde bestand heet ${name}. Dat levert u nu aan.${refused}`;
  notice("pseudonymised-verdict", TONES[verdict.tone], told);
  showCounts("pseudonymised-counts", counts, ["met pseudoniem", "zonder pseudoniem"]);
  $("remarks-title").textContent = `Alle meldingen over de persoonsgegevens (${groups.length})`;
  $("pseudonymised-findings").replaceChildren(...shownGroups(groups));
  $("remarks").open = groups.some((each) => each.refuses);
  show("remarks", groups.length > 0);
  $("pseudonymised-help").textContent = `Onder de naam ${name}, zonder persoonsgegevens.`;
  $("content-pseudonymised").checked = true;
  openDelivery();
  turnTo("pseudonymised");
  $("pseudonymise").scrollIntoView();
  say(`De persoonsgegevens zijn vervangen. ${told} ${groups.length} soorten meldingen.`);
}

// --- 3 and 4: deliver, follow, fetch ---------------------------------------------------------
const radios = (name) => [...document.getElementsByName(name)];
const chosen = (name) => radios(name).find((each) => each.checked)?.value;

const chosenContent = () => (pseudonymised ? chosen("content") : "original");

// The original goes as a test once there is something better, and nothing goes twice.
function limitKinds() {
  const content = chosenContent();
  const kinds = radios("kind"), onlyTest = Boolean(pseudonymised) && content === "original";
  for (const kind of kinds) {
    const isTest = kind.value === "test";
    kind.disabled = (onlyTest && !isTest) || delivered.has(`${content} ${kind.value}`);
    kind.checked = !kind.disabled && (kind.checked || (onlyTest && isTest));
  }
  show("send", kinds.some((each) => !each.disabled));
}

async function deliver(kind) {
  const mine = ++round;
  const content = chosenContent();
  show("sending");
  const sent = tell("POST", "deliver", { file, kind, content }).finally(() => show("sending", false));
  watchSending(sent);
  await sent;
  delivered.add(`${content} ${kind}`);
  limitKinds();
  $("stages").replaceChildren();
  for (const id of ["ended", "fetch", "answered"]) show(id, false);
  turnTo("follow");
  stage(`Verstuurd (${kind})${content === "pseudonymised" ? `: ${pseudonymised}` : ""}.`);
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
  await download(await ask("GET", "report", { delivery }), `${delivery}.xlsx`);
  say("De rapportage is opgehaald.");
}

async function save() {
  await download(await ask("GET", "pseudonymised", { file }), pseudonymised);
  say(`${pseudonymised} is bewaard.`);
}

// A link cannot have the token with it, so the page asks and the link has what came.
async function download(answer, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// --- what the person does --------------------------------------------------------------------
// A button that was not to be pressed for a while lost the focus.
function refused(error, button) {
  fault(error);
  button.disabled = false;
  if (document.activeElement === document.body) button.focus({ preventScroll: true });
}

async function work(button, busy, task) {
  $("fault").hidden = true;
  button.disabled = true;
  if (busy) show(busy);
  try {
    await task();
  } catch (error) {
    refused(error, button);
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

$("pseudonymise-form").addEventListener("submit", (event) => {
  event.preventDefault();
  say("Bezig met pseudonimiseren.");
  $("fault").hidden = true;
  pseudonymise().catch((error) => refused(error, $("pseudonymise-start")));
});

for (const choice of radios("content")) choice.addEventListener("input", limitKinds);

$("save").addEventListener("click", () => work($("save"), undefined, save));
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
