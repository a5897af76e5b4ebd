// The place to try an operation: fields for what goes in, the curl line to copy, the answer with its time.

import { copier, h } from './elements.js';
import { resolve } from './schema.js';

const DAY = 86_400_000;
/** What is seldom tried, or has another place in the form. */
const QUIET = new Set(['traceparent', 'Request-Timeout', 'If-None-Match']);

/** The key in use; kept for this tab alone. */
export const key = {
  get value() { return sessionStorage.getItem('key') ?? ''; },
  set value(text) { if (text) sessionStorage.setItem('key', text); else sessionStorage.removeItem('key'); },
};

/** The form for one operation. */
export function tryIt(document, operation, parameters) {
  const { method, path, value } = operation;
  const shown = parameters.filter((parameter) => !QUIET.has(parameter.name));
  const inputs = shown.map((parameter) => input(document, parameter));
  const content = Object.entries(value.requestBody?.content ?? {})[0];
  const body = content ? bodyInput(content[1]) : null;
  const curl = h('pre', { class: 'curl', tabindex: '0' });
  const send = h('button', { type: 'submit' }, 'Send');
  const stop = h('button', { type: 'button', class: 'plain', hidden: true }, 'Stop');
  const answer = h('div', { class: 'answer', 'aria-live': 'polite' });
  const request = () => assemble(method, path, inputs, body?.area.value, content?.[0]);
  const redraw = () => { curl.textContent = curlLine(request()); };
  const form = h('form', { class: 'try' },
    h('h2', null, 'Try it'),
    inputs.map((found) => found.row),
    body?.row,
    h('p', { class: 'buttons' }, send, stop),
    answer,
    h('div', { class: 'curl-head' }, h('h3', null, 'curl'), copier(() => curl.textContent, 'Copy the curl line')),
    curl);
  form.addEventListener('input', redraw);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    // A button that is disabled loses the focus, and whoever has no mouse their place.
    if (send.ariaDisabled === 'true') return;
    send.ariaDisabled = 'true';
    try {
      await perform(request(), answer, stop);
    } finally {
      send.ariaDisabled = 'false';
      stop.hidden = true;
      renew(inputs);
      redraw();
    }
  });
  redraw();
  return form;
}

function input(document, parameter) {
  const id = `in-${parameter.name}`;
  const schema = resolve(document, parameter.schema);
  const attributes = { id, name: parameter.name, required: parameter.required, autocomplete: 'off', spellcheck: 'false' };
  const control = schema.enum
    ? h('select', attributes, h('option', { value: '' }, ''), schema.enum.slice(1).map((name) => h('option', null, name)))
    : schema.type === 'boolean'
      ? h('select', attributes, ['', 'true', 'false'].map((name) => h('option', { value: name }, name)))
      : h('input', { ...attributes, type: 'text', placeholder: String(parameter.example ?? '') });
  if (parameter.name === 'Idempotency-Key') control.value = unique();
  const row = h('p', { class: 'row' }, h('label', { for: id }, parameter.name), control);
  return { parameter, control, row };
}

/** A sent key is used up: the next request is another one. */
function renew(inputs) {
  for (const { parameter, control } of inputs) {
    if (parameter.name === 'Idempotency-Key') control.value = unique();
  }
}

/** A UUID; `randomUUID` itself exists on secure addresses only. */
function unique() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function bodyInput(media) {
  const example = media.schema.contentSchema ? `${JSON.stringify(timely(JSON.parse(media.example)))}\n` : JSON.stringify(timely(media.example ?? {}), null, 2);
  const area = h('textarea', { id: 'in-body', rows: Math.min(18, example.split('\n').length + 1), spellcheck: 'false' });
  area.value = example;
  const reset = h('button', { type: 'button', class: 'plain', click: () => { area.value = example; area.dispatchEvent(new Event('input', { bubbles: true })); } }, 'Reset');
  return { area, row: h('div', { class: 'row' }, h('label', { for: 'in-body' }, 'Body'), reset, area) };
}

/** Moves an example's instants to the present: what ends lies ahead, what began lies behind. */
function timely(value, name = '') {
  if (Array.isArray(value)) return value.map((item) => timely(item, name));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([own, inner]) => [own, timely(inner, own)]));
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value;
  const moved = name.startsWith('expire') ? Date.now() + 180 * DAY : Date.now() - DAY;
  return `${new Date(moved).toISOString().slice(0, 19)}Z`;
}

function assemble(method, path, inputs, body, type) {
  const query = new URLSearchParams();
  const headers = {};
  let address = path;
  for (const { parameter, control } of inputs) {
    const text = control.value.trim();
    if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, text ? encodeURIComponent(text) : `{${parameter.name}}`);
    else if (text === '') continue;
    else if (parameter.in === 'query') query.append(parameter.name, text);
    else headers[parameter.name] = text;
  }
  if (type) headers['Content-Type'] = type;
  const tail = query.size ? `?${query}` : '';
  return { method: method.toUpperCase(), url: address + tail, headers, body: type ? body : undefined };
}

/** The same request for a terminal. The key itself stays out of it: command lines are remembered. */
export function curlLine(request) {
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = [`curl ${request.method === 'GET' ? '' : `-X ${request.method} `}${quote(location.origin + request.url)}`];
  parts.push('-H "Authorization: Bearer $LEGATION_KEY"');
  for (const [name, text] of Object.entries(request.headers)) parts.push(`-H ${quote(`${name}: ${text}`)}`);
  if (request.body !== undefined) {
    const isJson = request.headers['Content-Type'] === 'application/json';
    let text = request.body;
    if (isJson) try { text = JSON.stringify(JSON.parse(text)); } catch { /* It is shown as it stands, and refused as it stands. */ }
    parts.push(`--data-binary ${quote(text)}`);
  }
  return parts.join(' \\\n  ');
}

async function perform(request, place, stop) {
  const abort = new AbortController();
  stop.hidden = false;
  stop.onclick = () => abort.abort();
  const headers = { ...request.headers };
  if (key.value) headers.Authorization = `Bearer ${key.value}`;
  const began = performance.now();
  place.replaceChildren(h('p', { class: 'quiet' }, 'Waiting…'));
  try {
    const response = await fetch(request.url, { method: request.method, headers, body: request.body, signal: abort.signal, cache: 'no-store' });
    const took = performance.now() - began;
    const pre = h('pre', { tabindex: '0' });
    place.replaceChildren(
      h('p', { class: 'status' }, h('span', { class: `chip status-${String(response.status)[0]}` }, response.status), ` ${response.statusText} `,
        h('span', { class: 'quiet' }, `${took.toFixed(0)} ms`)),
      h('details', null, h('summary', null, 'Headers'), h('pre', null, [...response.headers].map(([name, text]) => `${name}: ${text}`).join('\n'))),
      pre);
    await read(response, pre, place);
  } catch (error) {
    if (error.name !== 'AbortError') place.replaceChildren(h('p', { class: 'no' }, `No answer: ${error.message}`));
  }
}

/** Shows the body: JSON laid out, a stream as it comes, a problem with a link to its reason. */
async function read(response, pre, place) {
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json') || type.includes('ndjson')) {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader.read()) pre.append(part.value);
    return;
  }
  const text = await response.text();
  let value;
  try { value = JSON.parse(text); } catch { pre.textContent = text; return; }
  pre.textContent = JSON.stringify(value, null, 2);
  if (type.includes('problem')) place.append(h('p', null, 'What it means: ', h('a', { href: `/docs/errors#${value.reason}` }, value.reason)));
}
