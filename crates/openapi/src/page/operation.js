// One operation as a page: what it does, who may, what it leads to, what goes in and comes out, and a place to try it.

import { chips, copier, h, mark, prose } from './elements.js';
import { fields, resolve, rules, typeOf } from './schema.js';
import { tryIt } from './try.js';

/** The whole view. `may` says whether the key in use holds a permission; null if that is not known. */
export function operationView(document, operation, may) {
  const { method, path, value, tag, service } = operation;
  const parameters = (value.parameters ?? []).map((parameter) => resolve(document, parameter));
  return [
    h('p', { class: 'crumbs' }, `${service} › ${tag['x-displayName'] ?? tag.name}`),
    h('h1', { class: 'summary' }, value.summary),
    h('p', { class: 'address' }, mark(method), h('code', null, breakable(path)),
      copier(() => path, 'Copy the path')),
    h('div', { class: 'columns' },
      h('div', { class: 'words' },
        prose(beyondSummary(value)),
        who(value, may),
        states(value),
        parameterList(document, parameters),
        body(document, value),
        answers(document, value)),
      h('div', { class: 'trial' }, tryIt(document, operation, parameters))),
  ];
}

/** The comment, if it says more than its first sentence; what the rule adds to it stands below in a table. */
function beyondSummary(value) {
  const comment = value.description.split('\n\n').slice(0, -1).join('\n\n');
  return comment.replace(/\.$/, '') === value.summary ? '' : comment;
}

/** A path that may wrap at its slashes. */
export function breakable(path) {
  return path.split(/(?<=\/)/).flatMap((part, at) => (at ? [h('wbr'), part] : [part]));
}

function section(title, ...children) {
  return h('section', null, h('h2', null, title), children);
}

function who(value, may) {
  const permission = value['x-permission'];
  const rows = [];
  if (permission) {
    rows.push(['Permission', h('code', null, permission)]);
    rows.push(['Partner agencies', value['x-partner'] ? 'may hold it' : 'may not hold it; our own people and applications only']);
  } else {
    rows.push(['Permission', 'none; any caller with a good credential']);
  }
  if (value['x-distinct-from']) rows.push(['Four eyes', ['not by the person who did ', h('code', null, value['x-distinct-from']), ' on the record']]);
  if (value['x-audited-read']) rows.push(['Audit', 'each call is recorded before it is answered']);
  if (may === false) rows.push(['Your key', h('strong', { class: 'no' }, 'does not hold this permission')]);
  if (may === true) rows.push(['Your key', h('strong', { class: 'yes' }, 'may call it')]);
  return section('Who may call it', h('dl', { class: 'facts' }, rows.map(([name, text]) => [h('dt', null, name), h('dd', null, text)])));
}

function states(value) {
  const found = value['x-states'];
  if (!found) return null;
  const name = value.operationId.split('_').pop();
  const side = (list, otherwise) => h('span', { class: 'side' }, list.length ? chips(list, 'state') : h('em', null, otherwise));
  return section('States', h('p', { class: 'flow' },
    side(found.from, /^(Create|Import)/.test(name) ? 'new' : 'any state'),
    h('span', { class: 'arrow', 'aria-label': 'leads to' }, '→'),
    side(found.to, name.startsWith('Delete') ? 'deleted' : 'unchanged')));
}

function parameterList(document, parameters) {
  if (parameters.length === 0) return null;
  const row = (parameter) => h('li', null,
    h('div', { class: 'head' }, h('code', { class: 'name' }, parameter.name), ' ',
      h('span', { class: 'type' }, `${typeOf(document, parameter.schema)}, in ${parameter.in}`)),
    h('div', { class: 'chips' }, rules(resolve(document, parameter.schema), parameter.required)),
    prose(parameter.description));
  const [own, common] = [parameters.filter((found) => found.in !== 'header'), parameters.filter((found) => found.in === 'header')];
  return section('Parameters',
    own.length ? h('ul', { class: 'fields' }, own.map(row)) : null,
    common.length ? h('details', null, h('summary', null, `Headers: ${common.map((found) => found.name).join(', ')}`),
      h('ul', { class: 'fields' }, common.map(row))) : null);
}

function body(document, value) {
  const content = Object.entries(value.requestBody?.content ?? {})[0];
  if (!content) return null;
  const [type, media] = content;
  const schema = media.schema.contentSchema ?? media.schema;
  return section('Body', h('p', { class: 'quiet' }, type, media.schema.contentSchema ? ': one object a line, each a ' : ': ',
    h('code', null, typeOf(document, schema))), fields(document, schema, false));
}

function answers(document, value) {
  const success = Object.entries(value.responses['200']?.content ?? {});
  const shown = success.map(([type, media]) => {
    const schema = media.schema.contentSchema ?? media.schema;
    const example = resolve(document, schema).examples?.[0];
    return [
      h('p', { class: 'quiet' }, type, media.schema.contentSchema ? ': each message a ' : ': ', h('code', null, typeOf(document, schema))),
      h('details', null, h('summary', null, 'Fields'), fields(document, schema, true)),
      example ? h('details', null, h('summary', null, 'Example'), h('pre', { tabindex: '0' }, JSON.stringify(example, null, 2))) : null,
    ];
  });
  return [section('Answer', shown), section('Refusals', refusals(document, value))];
}

function refusals(document, value) {
  const known = new Map((document['x-reasons'] ?? []).map((reason) => [reason.name, reason]));
  const rows = (value['x-reasons'] ?? []).map((name) => known.get(name)).filter(Boolean).sort((a, b) => a.status - b.status);
  const own = (document['x-reasons'] ?? []).some((reason) => value['x-grpc']?.startsWith(`${reason.domain}.`));
  const row = (reason) => h('tr', null, h('td', null, h('span', { class: `chip status-${String(reason.status)[0]}` }, reason.status)),
    h('td', null, h('a', { href: `/docs/errors#${reason.name}` }, breakName(reason.name))), h('td', null, prose(reason.meaning)));
  return [
    h('details', null, h('summary', null, `${rows.length} reasons`),
      h('table', null, h('thead', { class: 'hidden' }, h('tr', null, ['Status', 'Reason', 'Meaning'].map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', null, rows.map(row)))),
    own ? h('p', { class: 'quiet' }, 'Rules of the field have reasons of their own: ', h('a', { href: '/docs/errors' }, 'all errors'), '.') : null,
  ];
}

function breakName(name) {
  return name.split(/(?<=_)/).flatMap((part, at) => (at ? [h('wbr'), part] : [part]));
}
