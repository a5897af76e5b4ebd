// Makes elements from data: text is always text, so nothing that comes over the wire becomes markup.

/** An element with attributes and children; a function as an attribute is a listener, false and null leave it out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Markdown as our comments use it: paragraphs, lists, `code`, [links](/to). */
export function prose(text) {
  const blocks = [];
  for (const block of (text ?? '').split(/\n\n+/)) {
    const lines = block.split('\n');
    if (lines.every((line) => line.startsWith('- '))) {
      blocks.push(h('ul', null, lines.map((line) => h('li', null, inline(line.slice(2))))));
    } else if (block.trim()) {
      blocks.push(h('p', null, inline(block)));
    }
  }
  return blocks;
}

/** One paragraph's `code` and [links](/to). */
export function inline(text) {
  return (text ?? '').split(/(`[^`]+`|\[[^\]]+\]\([^)\s]+\))/).filter(Boolean).map((part) => {
    if (part.startsWith('`') && part.endsWith('`')) return h('code', null, part.slice(1, -1));
    const link = /^\[([^\]]+)\]\((\/[^)]*)\)$/.exec(part);
    return link ? h('a', { href: link[2] }, inline(link[1])) : part;
  });
}

/** A button that copies what `text` gives when pressed, and says that it did. */
export function copier(text, label) {
  const button = h('button', { type: 'button', class: 'plain copy', 'aria-label': label }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select and copy by hand';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  return button;
}

/** A method's mark. */
export function mark(method) {
  return h('span', { class: `mark ${method}` }, method.toUpperCase());
}

/** Small labels in a row. */
export function chips(values, kind = '') {
  return values.map((value) => h('span', { class: `chip ${kind}` }, value));
}
