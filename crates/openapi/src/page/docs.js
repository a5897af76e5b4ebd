// The documentation page: reads /openapi.json, lists and searches operations, shows the one that is asked for.

import { h, inline, mark, prose } from './elements.js';
import { breakable, operationView } from './operation.js';
import { key } from './try.js';

const at = (id) => document.getElementById(id);
const state = { document: null, operations: [], permissions: null };

/** The operations in the order of the groups and tags. */
function collect(found) {
  const tags = new Map(found.tags.map((tag) => [tag.name, tag]));
  const all = Object.entries(found.paths).flatMap(([path, item]) => Object.entries(item).map(([method, value]) => {
    const tag = tags.get(value.tags[0]);
    const name = [tag['x-displayName'], path, value.operationId.replace(/(?<=[a-z])(?=[A-Z])/g, ' '), value.operationId].join(' ').toLowerCase();
    const words = [name, method, value.summary, value.description, value['x-permission'],
      ...(value['x-states']?.from ?? []), ...(value['x-states']?.to ?? [])].join(' ').toLowerCase();
    return { method, path, value: { ...value, path }, tag, service: tag['x-service'], name, words };
  }));
  return found['x-tagGroups'].flatMap((group) => group.tags.flatMap((name) => all.filter((operation) => operation.tag.name === name)));
}

/** Whether the key in use may call the operation; null if no key was given. */
function may(operation) {
  const permission = operation.value['x-permission'];
  if (!state.permissions) return null;
  if (!permission) return true;
  return state.permissions.some((held) => (held.endsWith('*') ? permission.startsWith(held.slice(0, -1)) : held === permission));
}

/** Whether a text has a word that begins so: who looks for missions means no permissions. */
const begins = (text, word) => {
  for (let found = text.indexOf(word); found >= 0; found = text.indexOf(word, found + 1)) {
    if (found === 0 || !/[a-z0-9]/.test(text[found - 1])) return true;
  }
  return false;
};

function drawList() {
  const words = at('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = state.operations.filter((operation) => words.every((word) => begins(operation.words, word)));
  // What is called so comes before what only speaks of it.
  const called = (operation) => words.every((word) => begins(operation.name, word));
  const fits = [...found.filter(called), ...found.filter((operation) => !called(operation))];
  const chosen = location.hash.slice(2);
  const groups = Map.groupBy(fits, (operation) => operation.tag);
  at('found').textContent = words.length ? `${fits.length} operations found` : '';
  at('list').replaceChildren(...[...groups].map(([tag, operations]) => h('section', null,
    h('h2', null, tag['x-displayName'], ' ', h('span', { class: 'quiet' }, tag['x-service'])),
    h('ul', null, operations.map((operation) => link(operation, chosen))))));
  if (fits.length === 0) at('list').replaceChildren(h('p', { class: 'quiet' }, 'Nothing found. Try a verb, a path or a state.'));
}

function link(operation, chosen) {
  const { operationId, summary } = operation.value;
  const allowed = may(operation);
  return h('li', null, h('a', {
    href: `#/${operationId}`,
    'aria-current': operationId === chosen && 'page',
    class: allowed === false && 'closed',
    title: allowed === false ? `${summary} (your key may not)` : summary,
  }, mark(operation.method), h('span', null, operationId.split('_')[1].replace(/(?<=[a-z])(?=[A-Z])/g, ' '))));
}

function show() {
  const id = location.hash.slice(2);
  const operation = state.operations.find((found) => found.value.operationId === id);
  if (id && !operation && !location.hash.startsWith('#/')) return;
  const main = at('main');
  main.replaceChildren(...(operation ? operationView(state.document, operation, may(operation)) : overview()).flat().filter(Boolean));
  document.title = operation ? `${operation.value.summary} · ${state.document.info.title}` : `${state.document.info.title} API`;
  closeMenu();
  drawList();
}

function overview() {
  const { info } = state.document;
  const table = (tag) => h('section', { class: 'tag' },
    h('h2', null, tag['x-displayName'], ' ', h('span', { class: 'quiet' }, tag['x-service'])), prose(tag.description),
    h('ul', { class: 'index' }, state.operations.filter((operation) => operation.tag === tag).map((operation) => h('li', null,
      h('a', { href: `#/${operation.value.operationId}` }, mark(operation.method), h('code', null, breakable(operation.path))),
      h('span', { class: 'what' }, inline(operation.value.summary))))));
  const tags = [...new Set(state.operations.map((operation) => operation.tag))];
  return [
    h('h1', null, `${info.title} API `, h('span', { class: 'quiet version' }, info.version)),
    h('div', { class: 'lead' }, prose(info.description)),
    h('p', { class: 'quiet' }, `${state.operations.length} operations. Press / to search.`),
    tags.map(table),
  ];
}

/** Asks who the key is, so that the list can show what it may call. */
async function identify() {
  const who = at('who');
  state.permissions = null;
  if (!key.value) {
    who.textContent = 'Kept in this tab only.';
    return;
  }
  const ask = state.operations.find((operation) => operation.value.operationId.endsWith('_WhoAmI'));
  try {
    const response = await fetch(ask.path, { headers: { Authorization: `Bearer ${key.value}` }, cache: 'no-store' });
    const answer = await response.json();
    state.permissions = response.ok ? answer.permissions ?? [] : null;
    who.textContent = response.ok ? `You are ${answer.agency || answer.subject}.` : 'This key is not accepted.';
  } catch {
    who.textContent = 'The gateway does not answer.';
  }
}

function closeMenu() {
  at('contents').classList.remove('open');
  at('menu').setAttribute('aria-expanded', 'false');
}

function listen() {
  window.addEventListener('hashchange', () => {
    if (!location.hash.startsWith('#/')) return;
    show();
    window.scrollTo(0, 0);
    at('main').focus({ preventScroll: true });
  });
  at('search').addEventListener('input', drawList);
  at('contents').addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [at('search'), ...at('list').querySelectorAll('a')];
    if (event.key === 'Enter' && event.target === at('search')) stops[1]?.click();
    if (event.key === 'Escape') { at('search').value = ''; drawList(); at('search').focus(); }
    if (!step) return;
    event.preventDefault();
    stops[stops.indexOf(event.target) + step]?.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    at('contents').classList.add('open');
    at('search').focus();
  });
  at('menu').addEventListener('click', () => {
    const open = at('contents').classList.toggle('open');
    at('menu').setAttribute('aria-expanded', String(open));
    if (open) at('search').focus();
  });
  at('key').value = key.value;
  const take = async () => {
    if (key.value === at('key').value.trim()) return;
    key.value = at('key').value.trim();
    await identify();
    // What was filled in is meant for this key too.
    const filled = new Map([...document.querySelectorAll('.try [id]')].map((control) => [control.id, control.value]));
    show();
    for (const control of document.querySelectorAll('.try [id]')) control.value = filled.get(control.id) ?? control.value;
    document.querySelector('.try')?.dispatchEvent(new Event('input'));
  };
  at('key').addEventListener('change', take);
  at('key-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    await take();
    at('main').focus();
  });
}

function theme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const button = at('theme');
  const draw = () => {
    const now = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
    button.textContent = now === 'dark' ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Change to ${now === 'dark' ? 'light' : 'dark'} colours`);
    return now;
  };
  const kept = localStorage.getItem('theme');
  if (kept) document.documentElement.dataset.theme = kept;
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = draw() === 'dark' ? 'light' : 'dark';
    localStorage.setItem('theme', document.documentElement.dataset.theme);
    draw();
  });
  dark.addEventListener('change', draw);
  draw();
}

theme();
try {
  state.document = await (await fetch('/openapi.json')).json();
  state.operations = collect(state.document);
  at('title').textContent = `${state.document.info.title} API`;
  listen();
  await identify();
  show();
} catch (error) {
  at('main').replaceChildren(h('p', { class: 'no' }, `The description of the API could not be read: ${error.message}`));
}
