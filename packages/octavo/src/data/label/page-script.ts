/**
 * The labelling page's program: plain JavaScript of the browser, no library. It builds elements and sets text, never
 * markup, so that no text that is labelled can become part of the page.
 */
export const pageScript = String.raw`
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const main = byId('main');
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === 'on') for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      else if (value === true) element.setAttribute(name, '');
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== undefined));
    return element;
  };
  const given = new URLSearchParams(location.hash.slice(1));
  const remember = (key, value) => { try { if (value) sessionStorage.setItem(key, value); return sessionStorage.getItem(key) ?? ''; } catch { return value ?? ''; } };
  const token = remember('token', given.get('token'));
  let person = remember('person', given.get('name'));
  // The token stays out of the history and of what is copied from the address bar.
  history.replaceState(null, '', location.pathname);

  let project;
  let item = null;
  let progress;
  let answer;
  let isBusy = false;
  let hasShortcuts = true;
  let keys = new Map();
  let shiftArrows;

  const say = (text) => { byId('live').textContent = text; };
  const call = async (path, body) => {
    const response = await fetch('/api/' + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: 'Bearer ' + token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const result = await response.json().catch(() => ({}));
    if (!response.ok) throw Object.assign(new Error(result.error?.message ?? 'The server did not answer.'), { code: result.error?.code });
    return result;
  };
  const trouble = (error) => {
    const text = error instanceof TypeError ? 'The server cannot be reached. Is octavo label serve still running?' : error.message;
    let place = main.querySelector('.trouble');
    if (!place) main.append((place = make('p', { class: 'trouble', role: 'alert' })));
    place.textContent = text;
  };
  const act = async (work) => {
    if (isBusy) return;
    isBusy = true;
    for (const button of main.querySelectorAll('button')) button.disabled = true;
    try {
      const state = await work();
      [item, progress] = [state.item, state.progress];
      show();
    } catch (error) {
      for (const button of main.querySelectorAll('button')) button.disabled = false;
      trouble(error);
      if (error.code === 'label_claim') setTimeout(() => act(() => call('next', { annotator: person })), 2500);
    } finally {
      isBusy = false;
    }
  };
  const comment = () => byId('comment')?.value.trim() || undefined;
  const save = (value) => act(() => call('save', { annotator: person, id: item.content.id, value, comment: comment() }));
  const skip = () => save({ skipped: true });
  const undo = () => act(async () => { const state = await call('undo', { annotator: person }); say('The last label was taken back.'); return state; });

  const letters = [...'qwertyiopdfghjklzxvbnm'];
  const keyOfPlace = (at) => at < 9 ? String(at + 1) : letters[at - 9];
  const keyed = (key, work) => { if (key !== undefined) keys.set(key, work); };
  const option = (text, key, work, { pressed, hue } = {}) => {
    keyed(key, work);
    return make('button', { type: 'button', 'aria-pressed': pressed === undefined ? undefined : String(pressed), on: { click: work } },
      key === undefined ? undefined : make('kbd', {}, key), hue === undefined ? undefined : make('i', { class: 'swatch hue-' + hue }), text);
  };
  const submit = (text, work, hint = 'Enter') => make('button', { type: 'button', class: 'main', on: { click: work } }, make('kbd', {}, hint), text);
  const passage = (text, name, more = {}) => make('div', { class: 'card passage', dir: 'auto', tabindex: '0', role: 'group', 'aria-label': name, ...more }, text);

  const before = () => {
    const said = item.before?.value;
    if (said && !said.skipped) return said;
    return item.suggestions[0]?.value;
  };

  const classification = () => {
    const { labels, multiple } = project.settings;
    const said = before()?.labels ?? [];
    const chosen = new Set(multiple ? said : item.before ? said : []);
    const buttons = labels.map((label, at) => {
      const work = () => {
        if (!multiple) return save({ labels: [label] });
        if (!chosen.delete(label)) chosen.add(label);
        button.setAttribute('aria-pressed', String(chosen.has(label)));
        say(label + (chosen.has(label) ? ' chosen' : ' not chosen'));
      };
      const button = option(label, keyOfPlace(at), work, { pressed: chosen.has(label) });
      return button;
    });
    const send = () => save({ labels: labels.filter((label) => chosen.has(label)) });
    if (multiple) keyed('Enter', send);
    return [passage(item.content.text, 'Text'), make('div', { class: 'answers', role: 'group', 'aria-label': 'Labels' }, ...buttons, multiple ? submit('Save', send) : undefined)];
  };

  const pairs = () => {
    const side = (letter, text) => make('section', { 'aria-label': 'Answer ' + letter.toUpperCase() }, make('h2', {}, 'Answer ' + letter.toUpperCase()), passage(text, 'Answer ' + letter.toUpperCase()));
    const choose = (choice) => () => save({ choice });
    keyed('ArrowLeft', choose('a'));
    keyed('ArrowRight', choose('b'));
    const said = before()?.choice;
    return [
      item.content.prompt === undefined ? undefined : passage(item.content.prompt, 'Prompt', { class: 'card passage prompt' }),
      make('div', { class: 'pair' }, side('a', item.content.a), side('b', item.content.b)),
      make('div', { class: 'answers', role: 'group', 'aria-label': 'Which is better?' },
        option('A is better', '1', choose('a'), { pressed: said === 'a' }), option('B is better', '2', choose('b'), { pressed: said === 'b' }),
        project.settings.ties ? option('They are alike', '3', choose('tie'), { pressed: said === 'tie' }) : undefined),
    ];
  };

  const rating = () => {
    const { from, to } = project.settings;
    const said = before()?.rating;
    const buttons = Array.from({ length: to - from + 1 }, (_, at) => from + at).map((value) =>
      option(String(value), value < 10 ? undefined : letters[value - 10], () => save({ rating: value }), { pressed: said === value }));
    for (const [at, button] of buttons.entries()) {
      button.classList.add('score');
      if (from + at < 10) keyed(String(from + at), () => save({ rating: from + at }));
    }
    return [passage(item.content.text, 'Text'), make('div', { class: 'answers', role: 'group', 'aria-label': 'Rating from ' + from + ' to ' + to }, ...buttons)];
  };

  const freeText = () => {
    const area = make('textarea', { id: 'answer', 'aria-label': 'Your answer', dir: 'auto' });
    area.value = before()?.text ?? '';
    const send = () => area.value.trim() === '' ? area.focus() : save({ text: area.value });
    area.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); }
    });
    keyed('Enter', () => area.focus());
    setTimeout(() => area.focus());
    return [passage(item.content.text, 'Text'), make('div', {}, area), make('div', { class: 'answers' }, submit('Save', send, 'Ctrl+Enter'))];
  };

  const wordPattern = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]|(?:(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}])[\p{L}\p{M}\p{N}_])+|[^\s]/gu;
  const spans = () => {
    const { labels } = project.settings;
    const text = item.content.text;
    const words = [...text.matchAll(wordPattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
    let found = [...(before()?.spans ?? [])];
    let [anchor, at] = [0, 0];
    const box = passage('', 'Text; arrow keys go from word to word, with Shift they choose several', { id: 'spans' });
    const range = () => [Math.min(anchor, at), Math.max(anchor, at)];
    const draw = () => {
      const [low, high] = range();
      const edges = new Set([0, text.length]);
      for (const { start, end } of [...words, ...found]) edges.add(start).add(end);
      const cuts = [...edges].sort((one, other) => one - other);
      box.replaceChildren();
      let last = { span: undefined, element: undefined };
      for (let index = 0; index + 1 < cuts.length; index++) {
        const [start, end] = [cuts[index], cuts[index + 1]];
        const over = found.filter((span) => span.start <= start && span.end >= end);
        const word = words.findIndex((one) => one.start <= start && one.end >= end);
        const isChosen = words.length > 0 && start >= words[low].start && end <= words[high].end;
        let piece = make('span', { class: (word >= 0 ? 'word' : '') + (isChosen && low !== high ? ' chosen' : '') + (word >= 0 && word === at && document.activeElement === box ? ' at' : ''), 'data-start': String(start), 'data-end': String(end) }, text.slice(start, end));
        const [span] = over;
        if (span === undefined) {
          last = { span: undefined, element: undefined };
          box.append(piece);
          continue;
        }
        if (last.span !== span) {
          last = { span, element: make('span', { class: 'span hue-' + (labels.indexOf(span.label) % 8) }) };
          box.append(last.element);
        }
        last.element.append(piece);
        if (span.end === end) last.element.append(make('small', {}, span.label));
      }
      box.querySelector('.at')?.scrollIntoView({ block: 'nearest' });
    };
    const chosen = () => {
      const selection = getSelection();
      if (selection && !selection.isCollapsed && box.contains(selection.anchorNode) && box.contains(selection.focusNode)) {
        const placeOf = (node, offset) => {
          const piece = (node.nodeType === 3 ? node.parentElement : node).closest('[data-start]');
          return piece ? Number(piece.dataset.start) + (node.nodeType === 3 ? offset : 0) : undefined;
        };
        const ends = [placeOf(selection.anchorNode, selection.anchorOffset), placeOf(selection.focusNode, selection.focusOffset)];
        if (ends.every((end) => end !== undefined)) {
          const [start, end] = [Math.min(...ends), Math.max(...ends)];
          const touched = words.filter((word) => word.start < end && word.end > start);
          if (touched.length > 0) return { start: touched[0].start, end: touched.at(-1).end };
        }
      }
      const [low, high] = range();
      return words.length === 0 ? undefined : { start: words[low].start, end: words[high].end };
    };
    const mark = (label) => () => {
      const place = chosen();
      if (!place) return;
      found = found.filter((span) => span.end <= place.start || span.start >= place.end).concat({ ...place, label }).sort((one, other) => one.start - other.start);
      getSelection()?.removeAllRanges();
      anchor = at;
      say(text.slice(place.start, place.end) + ': ' + label);
      draw();
    };
    const unmark = () => {
      const place = chosen();
      if (!place) return;
      const count = found.length;
      found = found.filter((span) => span.end <= place.start || span.start >= place.end);
      if (found.length < count) say('The mark is gone.');
      draw();
    };
    const send = () => save({ spans: found });
    const move = (to, isLonger) => {
      at = Math.max(0, Math.min(words.length - 1, to));
      if (!isLonger) anchor = at;
      const [low, high] = range();
      if (document.activeElement !== box) box.focus();
      if (words.length > 0) say(text.slice(words[low].start, words[high].end));
      draw();
    };
    shiftArrows = { ArrowRight: (longer) => move(at + 1, longer), ArrowLeft: (longer) => move(at - 1, longer), Home: (longer) => move(0, longer), End: (longer) => move(words.length - 1, longer) };
    box.addEventListener('focus', draw);
    box.addEventListener('blur', draw);
    box.addEventListener('click', (event) => {
      const piece = event.target.closest('[data-start]');
      const word = piece ? words.findIndex((one) => one.start <= Number(piece.dataset.start) && one.end > Number(piece.dataset.start)) : -1;
      if (word >= 0 && getSelection()?.isCollapsed) { if (!event.shiftKey) anchor = word; at = word; draw(); }
    });
    keyed('Backspace', unmark);
    keyed('Delete', unmark);
    keyed('Enter', send);
    const buttons = labels.map((label, place) => option(label, keyOfPlace(place), mark(label), { hue: place % 8 }));
    // A press on a button would take the selection away before it is marked.
    for (const button of buttons) button.addEventListener('mousedown', (event) => event.preventDefault());
    setTimeout(() => { box.focus(); draw(); });
    return [box, make('div', { class: 'answers', role: 'group', 'aria-label': 'Labels' }, ...buttons, option('Remove', undefined, unmark), submit('Save', send))];
  };

  const kinds = { classification, spans, pairs, rating, text: freeText };
  const hints = {
    classification: [['1 2 3 …', 'give a label']],
    pairs: [['1 or ←', 'A is better'], ['2 or →', 'B is better'], ['3', 'they are alike']],
    rating: [['0 … 9', 'give a rating']],
    spans: [['← →', 'go from word to word'], ['Shift+← →', 'choose several words'], ['1 2 3 …', 'mark them'], ['Backspace', 'remove a mark'], ['Enter', 'save']],
    text: [['Ctrl+Enter', 'save'], ['Esc', 'leave the field, so that S and U work'], ['Enter', 'go back into it']],
  };

  const help = () => {
    const check = make('input', { type: 'checkbox', id: 'shortcuts', checked: hasShortcuts, on: { change: () => { hasShortcuts = check.checked; } } });
    const rows = [...hints[project.settings.kind], ...(project.settings.multiple ? [['Enter', 'save']] : []), ['S', 'skip'], ['U', 'take back the last label'], ['C', 'comment'], ['?', 'this list']];
    const dialog = make('dialog', { 'aria-labelledby': 'help-title', on: { close: () => dialog.remove() } },
      make('h2', { id: 'help-title' }, 'Keys'),
      make('dl', {}, ...rows.flatMap(([key, says]) => [make('dt', {}, make('kbd', {}, key)), make('dd', {}, says)])),
      make('label', { class: 'row' }, check, 'Keys without Ctrl do something'),
      make('p', {}, make('button', { type: 'button', class: 'main', on: { click: () => dialog.close() } }, 'Close')));
    document.body.append(dialog);
    dialog.showModal();
  };

  const bottom = () => {
    const field = make('textarea', { id: 'comment', class: 'small', 'aria-label': 'Comment', maxlength: '2000', dir: 'auto' });
    field.value = item?.before?.comment ?? '';
    const place = make('div', { hidden: field.value === '' }, field);
    const openComment = () => { place.hidden = false; field.focus(); };
    const small = (key, text, work) => { keyed(key.toLowerCase(), work); return make('button', { type: 'button', class: 'plain', on: { click: work } }, make('kbd', {}, key), text); };
    return [place, make('div', { class: 'bottom' }, item ? small('S', 'Skip', skip) : undefined, small('U', 'Undo', undo), item ? small('C', 'Comment', openComment) : undefined, make('span', { class: 'space' }), small('?', 'Keys', help))];
  };

  const suggested = () => {
    if (item.before) return make('p', { class: 'hint' }, 'Taken back: ', make('b', {}, wordsOf(item.before.value)));
    const [best] = item.suggestions;
    return best === undefined ? undefined : make('p', { class: 'hint' }, 'Suggested: ', make('b', {}, wordsOf(best.value)), ' (' + Math.round(best.confidence * 100) + ' %, ' + best.name + ')');
  };
  const wordsOf = (value) => value.skipped ? 'skipped' : value.labels ? value.labels.join(', ') : value.choice ?? value.rating?.toString() ?? value.text ?? (value.spans ? value.spans.length + ' spans' : '');

  const showProgress = () => {
    const mine = progress.byAnnotator.find((one) => one.annotator === person)?.annotations ?? 0;
    byId('bar').max = Math.max(1, progress.items);
    byId('bar').value = progress.complete;
    byId('count').textContent = progress.complete + ' of ' + progress.items + ' done · ' + mine + ' by you';
    byId('person').hidden = false;
    byId('person').textContent = person;
    byId('person').setAttribute('aria-label', 'Labelling as ' + person + '; change');
  };

  const show = () => {
    keys = new Map();
    shiftArrows = undefined;
    showProgress();
    if (item === null) {
      const isAll = progress.items > 0 && progress.complete === progress.items;
      main.replaceChildren(make('div', { class: 'card end' }, make('h1', {}, isAll ? 'All labelled' : progress.items === 0 ? 'Nothing to label yet' : 'Nothing left for you'),
        make('p', {}, isAll ? 'Every item has enough labels.' : progress.items === 0 ? 'Import items with octavo label import.' : 'Others have the rest, or it has your label already.')), ...bottom());
      say('Nothing left to label.');
      main.focus();
      return;
    }
    const parts = kinds[project.settings.kind]();
    main.replaceChildren(make('h1', {}, project.settings.question || { classification: 'Which label fits?', spans: 'Mark what you find', pairs: 'Which answer is better?', rating: 'How good is this?', text: 'What do you answer?' }[project.settings.kind]),
      ...[suggested(), ...parts, ...bottom()].filter((part) => part !== undefined));
    main.focus();
    scrollTo(0, 0);
  };

  const who = () => {
    const field = make('input', { type: 'text', id: 'who', maxlength: '200', autocomplete: 'name', required: true });
    field.value = person;
    const form = make('form', { class: 'card', on: { submit: (event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (name === '') return field.focus();
      person = remember('person', name);
      act(() => call('next', { annotator: person }));
    } } }, make('label', { for: 'who' }, 'Your name, as it will stand beside your labels'), field, make('p', {}, make('button', { class: 'main' }, 'Begin')));
    main.replaceChildren(make('h1', {}, 'Who labels?'), form);
    keys = new Map();
    field.focus();
  };
  byId('person').addEventListener('click', who);

  document.addEventListener('keydown', (event) => {
    const target = event.target;
    const isWriting = target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text');
    if (document.querySelector('dialog[open]')) return;
    if (isWriting) {
      if (event.key === 'Escape') { target.blur(); main.focus(); }
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === 'z' && keys.has('u')) { event.preventDefault(); undo(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !hasShortcuts || isBusy) return;
    const arrow = shiftArrows?.[event.key];
    if (arrow) { event.preventDefault(); arrow(event.shiftKey); return; }
    if (target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')) return;
    const work = keys.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (work) { event.preventDefault(); work(); }
  });

  call('project').then((found) => {
    project = found;
    byId('project').textContent = project.id;
    document.title = project.id + ' · Octavo labelling';
    if (person) act(() => call('next', { annotator: person }));
    else who();
  }, (error) => { main.replaceChildren(make('h1', {}, 'This page cannot be opened')); trouble(error); });
})();
`;
