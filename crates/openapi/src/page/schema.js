// Shows a schema as a list that opens: name, type, rules, meaning.

import { chips, h, inline, prose } from './elements.js';

/** What a `$ref` leads to, with the words that stand beside it. */
export function resolve(document, schema) {
  if (!schema?.$ref) return schema ?? {};
  const found = schema.$ref.slice(2).split('/').reduce((place, part) => place?.[part], document) ?? {};
  const { $ref, ...beside } = schema;
  return { ...found, ...beside, $name: $ref.split('/').pop() };
}

/** The type in a word or two: `list of Mission`, `date-time`, `State`. */
export function typeOf(document, schema) {
  const found = resolve(document, schema);
  if (found.type === 'array') return `list of ${typeOf(document, found.items)}`;
  const short = found.$name?.split('.').slice(1).join('.') || found.$name;
  if (short) return short;
  if (found.type === 'object' && typeof found.additionalProperties === 'object') {
    return `map to ${typeOf(document, found.additionalProperties)}`;
  }
  return found.format && found.type !== 'number' ? `${found.type} (${found.format})` : found.type ?? 'any';
}

/** The rules as short labels; those for callers are left out of what we answer. */
export function rules(schema, required, answered = false) {
  const list = [];
  if (required && !answered) list.push(['required', 'must']);
  if (schema.readOnly && !answered) list.push(['set by us', '']);
  if (schema['x-immutable'] && !answered) list.push(['fixed once set', '']);
  if (schema['x-personal']) list.push(['personal', 'guarded']);
  if (schema['x-classified']) list.push(['classified', 'guarded']);
  if (schema['x-internal']) list.push(['internal', 'guarded']);
  if (schema['x-shown-once']) list.push(['shown once', 'guarded']);
  if (schema['x-filterable']) list.push(['filterable', '']);
  if (schema.minLength > 1) list.push([`at least ${schema.minLength} characters`, '']);
  if (schema.maxLength && schema.maxLength !== 2000) list.push([`at most ${schema.maxLength} characters`, '']);
  if (schema.minimum !== undefined) list.push([`≥ ${schema.minimum}`, '']);
  if (schema.maximum !== undefined) list.push([`≤ ${schema.maximum}`, '']);
  if (schema.maxItems && schema.maxItems !== 1000) list.push([`at most ${schema.maxItems} items`, '']);
  if (schema.pattern) list.push([schema.pattern, 'pattern']);
  return list.map(([text, kind]) => chips([text], kind));
}

/** The fields of an object schema; those that are objects themselves open when asked. */
export function fields(document, schema, answered, seen = []) {
  const found = resolve(document, schema);
  if (found.type === 'array') return fields(document, found.items, answered, seen);
  if (found.enum) return values(found);
  const properties = Object.entries(found.properties ?? {});
  if (properties.length === 0) return h('p', { class: 'quiet' }, 'No fields.');
  const required = new Set(found.required ?? []);
  const path = found.$name ? [...seen, found.$name] : seen;
  return h('ul', { class: 'fields' }, properties.map(([name, property]) => field(document, name, property, required, answered, path)));
}

function field(document, name, property, required, answered, seen) {
  const own = resolve(document, property);
  const inner = own.type === 'array' ? resolve(document, own.items) : own;
  const head = [h('code', { class: 'name' }, name), ' ', h('span', { class: 'type' }, typeOf(document, property))];
  const words = property.description ?? own.description;
  // An enum's own description lists its values; they open below instead.
  const text = inner.enum && !property.description ? words?.split('\n\n')[0] : words;
  const body = [h('div', { class: 'chips' }, rules(own, required.has(name), answered)), prose(text)];
  const opens = (inner.properties && !seen.includes(inner.$name)) || inner.enum;
  if (!opens) return h('li', null, h('div', { class: 'head' }, head), body);
  const details = h('details', null, h('summary', null, inner.enum ? `${inner.enum.length} values` : 'Fields'));
  // Filled when first opened: a schema can be deep, and most of it is never looked at.
  details.addEventListener('toggle', () => {
    if (details.children.length === 1) details.append(inner.enum ? values(inner) : fields(document, inner, answered, seen));
  });
  return h('li', null, h('div', { class: 'head' }, head), body, details);
}

function values(schema) {
  const docs = schema['x-enum-descriptions'] ?? [];
  return h('dl', { class: 'values' }, schema.enum.map((value, at) => [
    h('dt', null, h('code', null, value)), h('dd', null, inline(docs[at] ?? '')),
  ]));
}
