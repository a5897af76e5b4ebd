// The page at /docs in a real browser, by keyboard alone: arguments are the browser, the address, a protocol officer's key and
// where to put what was seen. It is led by the protocol of its developer tools over a pipe, which needs no other program.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [browser, address, key, folder] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "docs-"));
const quiet = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const child = spawn(browser, [...quiet, `--user-data-dir=${profile}`, "--remote-debugging-pipe", "--window-size=1360,900"], {
  stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
});

// One that ended hears nothing more; that it ended is said below.
child.stdio[3].on("error", () => {});

let count = 0;
let held = "";
const waiting = new Map();
const wrong = [];
child.stdio[4].setEncoding("utf8").on("data", (text) => {
  const messages = (held + text).split("\0");
  held = messages.pop();
  for (const { id, result, error, method, params } of messages.map((message) => JSON.parse(message))) {
    if (id) waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    if (method === "Runtime.exceptionThrown") wrong.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Log.entryAdded" && params.entry.level === "error") wrong.push(`${params.entry.text} ${params.entry.url ?? ""}`);
  }
});

let session;
const ask = (method, params = {}) => new Promise((done) => {
  count += 1;
  waiting.set(count, done);
  child.stdio[3].write(`${JSON.stringify({ id: count, method, params, sessionId: session })}\0`);
});
const page = async (expression) => (await ask("Runtime.evaluate", { expression, returnByValue: true })).result.value;

// Waits for what the page will show; what does not come within half a minute is said.
async function until(what, expression) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((go) => setTimeout(go, 20))) {
    const seen = await page(expression);
    if (seen) return seen;
  }
  throw new Error(`${what}: it does not come; in focus is ${await page("document.activeElement.outerHTML.slice(0, 200)")}`);
}

const CODES = { Enter: 13, Tab: 9, ArrowDown: 40, ArrowUp: 38, Escape: 27 };
async function press(name, modifiers = 0) {
  const text = name === "Enter" ? "\r" : name.length === 1 ? name : undefined;
  const event = { key: name, code: name, text, modifiers, windowsVirtualKeyCode: CODES[name] ?? name.toUpperCase().charCodeAt(0) };
  await ask("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...event });
  await ask("Input.dispatchKeyEvent", { type: "keyUp", ...event, text: undefined });
}
const type = async (text) => { for (const letter of text) await press(letter); };

// Presses a key until something is in focus, and says how often that took.
async function reach(what, name, expression, modifiers) {
  for (let times = 0; times < 40; times += 1) {
    if (await page(expression)) return times;
    await press(name, modifiers);
  }
  throw new Error(`${what} is not reached by ${name}; in focus is ${await page("document.activeElement.outerHTML.slice(0, 200)")}`);
}

async function photograph(name) {
  const { data } = await ask("Page.captureScreenshot", { format: "png" });
  writeFileSync(join(folder, name), Buffer.from(data, "base64"));
}

async function tour() {
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
  session = (await ask("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  for (const domain of ["Page", "Runtime", "Log"]) await ask(`${domain}.enable`);
  await ask("Page.navigate", { url: `${address}/docs` });
  await until("the list of operations", "document.querySelectorAll('#list a').length > 100");

  // Search, and open what was found.
  await press("/");
  await until("the search", "document.activeElement.id === 'search'");
  await type("mission");
  const all = await until("what was found", "parseInt(document.getElementById('found').textContent)");
  const listed = await page("document.querySelectorAll('#list a').length");
  if (all !== listed || all < 5) throw new Error(`${all} found, ${listed} listed`);
  if (!await page("document.querySelector('#list a').hash.startsWith('#/MissionService_')")) throw new Error("missions are not found first");
  await photograph("docs-search.png");
  await reach("the list of missions", "ArrowDown", "document.activeElement.hash === '#/MissionService_ListMissions'");
  await press("Enter");
  await until("the operation", "document.activeElement.id === 'main' && document.querySelector('h1.summary')");

  // Fill something in; then say who one is, which must not cost what was filled in.
  await reach("the size of a page", "Tab", "document.activeElement.id === 'in-pageSize'");
  await type("2");
  await press("/");
  if (await page("document.activeElement.id !== 'in-pageSize' || document.activeElement.value !== '2/'")) {
    throw new Error("a stroke is text where text is written");
  }
  await ask("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Backspace", code: "Backspace", windowsVirtualKeyCode: 8 });
  await press("Escape");
  await page("document.getElementById('main').focus()");
  await press("/");
  await reach("the key", "Tab", "document.activeElement.id === 'key'", 8);
  await type(key);
  await press("Enter");
  await until("who one is", "document.getElementById('who').textContent.startsWith('You are ')");
  await until("the operation again", "document.activeElement.id === 'main'");
  await until("that the key may", "document.querySelector('main .yes')?.textContent === 'may call it'");
  if (await page("document.getElementById('in-pageSize').value") !== "2") throw new Error("what was filled in is gone");

  // Send, and see the answer.
  await reach("the button", "Tab", "document.activeElement.matches('form.try button[type=submit]')");
  await press("Enter");
  const answer = await until("the answer", "document.querySelector('.answer > pre')?.textContent.includes('nextPageToken') && document.querySelector('.answer').innerText");
  if (!answer.includes("200")) throw new Error(answer);
  await until("that the button is still in focus", "document.activeElement.matches('form.try button[type=submit]')");
  await until("the answer in sight", "document.querySelector('.answer').getBoundingClientRect().top < innerHeight");
  await photograph("docs-answer.png");
  await ask("Emulation.setDeviceMetricsOverride", { width: 400, height: 860, deviceScaleFactor: 2, mobile: true });
  const wide = await page("document.documentElement.scrollWidth - innerWidth");
  await photograph("docs-narrow.png");
  if (wide > 0) throw new Error(`on a telephone the page is ${wide} pixels too wide`);
  if (wrong.length) throw new Error(wrong.join("\n"));
}

const gone = new Promise((done) => child.on("exit", done).on("error", done));
try {
  await Promise.race([tour(), gone.then((how) => { throw new Error(`the browser ended: ${how}`); })]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  session = undefined;
  ask("Browser.close");
  setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
  await gone;
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
