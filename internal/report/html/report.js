'use strict';
(() => {
  const rights = ['read', 'write', 'admin', 'policy'];
  const levels = ['none', 'unknown', 'conditional', 'allowed'];
  const said = ['no access', 'not known', 'under conditions', 'allowed'];
  const columnsShown = 40, rowsShown = 50;

  const $ = id => document.getElementById(id);
  // element makes one, with its text and attributes. Nothing is ever written as HTML.
  const element = (name, attributes, ...children) => {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attributes || {})) if (v !== undefined && v !== '') e.setAttribute(k, v);
    e.append(...children);
    return e;
  };
  const count = (n, one, many) => n.toLocaleString('en') + ' ' + (n === 1 ? one : many);
  const option = (text, value) => element('option', { value }, text);

  // On paper there is nothing to open: what is closed opens, and closes again afterwards.
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')].filter(d => !d.hidden);
    for (const d of opened) d.open = true;
  });
  addEventListener('afterprint', () => { for (const d of opened) d.open = false; });

  findings();
  const data = $('matrix-data');
  if (data) matrix(JSON.parse(data.textContent));

  // findings filters the list of them.
  function findings() {
    const form = $('finding-filters');
    if (!form) return;
    const groups = [...document.querySelectorAll('#findings .group')].map(g => ({
      element: g, open: g.open, name: [...g.children].filter(e => e.tagName !== 'OL').map(e => e.textContent).join(' ').toLowerCase(), policy: g.dataset.policy, level: g.dataset.level,
      findings: [...g.querySelectorAll('.finding')].map(f => ({ element: f, stack: f.dataset.stack, text: null })),
    }));
    const total = groups.reduce((n, g) => n + g.findings.length, 0);
    const say = shown => { $('findings-shown').textContent = shown === total ? count(total, 'finding', 'findings') : shown.toLocaleString('en') + ' of ' + count(total, 'finding', 'findings') + ' shown'; };
    const apply = () => {
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const { policy, level, stack } = Object.fromEntries(['policy', 'level', 'stack'].map(k => [k, form.elements[k].value]));
      let shown = 0;
      for (const g of groups) {
        let inGroup = 0;
        const asked = (!policy || g.policy === policy) && (!level || g.level === level);
        for (const f of asked ? g.findings : []) {
          f.text ??= g.name + ' ' + f.element.textContent.toLowerCase();
          const hide = stack && f.stack !== stack || !words.every(w => f.text.includes(w));
          if (f.element.hidden !== hide) f.element.hidden = hide;
          inGroup += !hide;
        }
        g.element.hidden = inGroup === 0;
        const narrowed = words.length > 0 || policy || level || stack;
        g.element.open = narrowed ? inGroup <= 200 : g.open;
        shown += inGroup;
      }
      say(shown);
    };
    form.addEventListener('input', apply);
    form.addEventListener('submit', e => e.preventDefault());
    form.addEventListener('reset', () => setTimeout(apply));
    say(total);
  }

  // matrix draws who may do what, a window of it at a time, so that thousands of principals and tables are no more work than a few.
  function matrix(m) {
    const form = $('matrix-filters'), grid = $('matrix'), dialog = $('detail');
    const none = [[0], [0], [0], [0]];
    const of = (p, t) => {
      let low = 0, high = p.spans.length / 3 - 1;
      while (low <= high) {
        const at = low + high >> 1;
        if (t < p.spans[3 * at]) high = at - 1; else if (t > p.spans[3 * at + 1]) low = at + 1; else return p.access[p.spans[3 * at + 2]];
      }
      return none;
    };
    const environment = e => e || 'environment not known';
    const account = a => a || 'account not known';
    const place = x => environment(x.environment) + ' · ' + (x.region ? x.region + ' · ' : '') + account(x.account);
    const across = (p, t) => p.environment && t.environment && p.environment !== t.environment;

    for (const [name, list] of [['principalEnvironment', m.principals], ['tableEnvironment', m.tables]]) {
      form.elements[name].append(...[...new Set(list.map(x => x.environment || ''))].sort().map(e => option(environment(e), '=' + e)));
    }
    for (const [name, list] of [['principalAccount', m.principals], ['tableAccount', m.tables]]) {
      form.elements[name].append(...[...new Set(list.map(x => x.account || ''))].sort().map(a => option(account(a), '=' + a)));
    }
    const texts = list => list.map(x => [x.kind, x.name, x.stack, x.arn, x.region].join(' ').toLowerCase());
    const principalTexts = texts(m.principals), tableTexts = texts(m.tables);

    let columns = [], rows = [], column = 0, row = 0; // what the filters leave, and the window on it
    let focus = [0, 0];

    // choose works out which principals and tables the filters leave.
    function choose() {
      const f = Object.fromEntries([...form.elements].filter(e => e.name).map(e => [e.name, e.type === 'checkbox' ? e.checked : e.value]));
      const words = s => s.toLowerCase().split(/\s+/).filter(Boolean);
      const has = (text, all) => all.every(w => text.includes(w));
      const is = (asked, value) => !asked || asked === '=' + (value || '');
      const principalWords = words(f.principal), tableWords = words(f.table);
      columns = [];
      m.tables.forEach((t, i) => {
        if (is(f.tableEnvironment, t.environment) && is(f.tableAccount, t.account) && has(tableTexts[i], tableWords)) columns.push(i);
      });
      const before = environments(m.tables, columns);
      const asked = f.right === '' ? [0, 1, 2, 3] : [+f.right];
      const least = f.unknown ? 1 : 2;
      const reaches = p => {
        const there = (first, last) => {
          const n = before.all[last + 1] - before.all[first];
          if (!f.across || n === 0) return n > 0;
          if (!p.environment) return false; // nobody can tell
          const inEnvironment = e => before.of.has(e) ? before.of.get(e)[last + 1] - before.of.get(e)[first] : 0;
          return n > inEnvironment(p.environment) + inEnvironment('');
        };
        const may = p.access.map(a => asked.some(r => a[r][0] >= least));
        for (let i = 0; i < p.spans.length; i += 3) if (may[p.spans[i + 2]] && there(p.spans[i], p.spans[i + 1])) return true;
        return false;
      };
      rows = [];
      let without = 0;
      m.principals.forEach((p, i) => {
        if (!is(f.principalEnvironment, p.environment) || !is(f.principalAccount, p.account) || !has(principalTexts[i], principalWords)) return;
        if (f.empty || reaches(p)) rows.push(i); else without++;
      });
      column = row = 0;
      focus = [0, 0];
      $('matrix-shown').textContent = count(rows.length, 'principal', 'principals') + ' and ' + count(columns.length, 'table', 'tables') +
        (without > 0 ? '; ' + count(without, 'more principal has', 'more principals have') + ' no such access to these tables' : '');
      draw();
    }

    // environments counts the tables chosen before each place, all of them and by environment, so that a span is looked up, not walked.
    function environments(tables, chosen) {
      const is = new Uint8Array(tables.length);
      for (const i of chosen) is[i] = 1;
      const all = new Uint32Array(tables.length + 1), of = new Map();
      for (const t of tables) if (!of.has(t.environment || '')) of.set(t.environment || '', new Uint32Array(tables.length + 1));
      tables.forEach((t, i) => {
        all[i + 1] = all[i] + is[i];
        for (const [e, n] of of) n[i + 1] = n[i] + (e === (t.environment || '') ? is[i] : 0);
      });
      return { all, of };
    }

    function glyph(access) {
      const q = element('span', { class: 'rights', 'aria-hidden': 'true' });
      rights.forEach((name, r) => {
        const level = access[r][0], letter = name[0].toUpperCase();
        q.append(element('i', { class: name + ' ' + levels[level] }, ['', '?', letter.toLowerCase(), letter][level]));
      });
      return q;
    }
    const summary = access => rights.map((name, r) => access[r][0] > 0 ? name + ' ' + said[access[r][0]] : '').filter(Boolean).join(', ') || 'no access';

    // draw draws the window.
    function draw() {
      const tables = columns.slice(column, column + columnsShown), principals = rows.slice(row, row + rowsShown);
      const edges = tables.map((t, i) => i === 0 || place(m.tables[t]) !== place(m.tables[tables[i - 1]]));
      grid.style.setProperty('--names', Math.min(13, 2 + .45 * Math.max(4, ...tables.map(t => m.tables[t].name.length))) + 'rem');
      const places = element('tr'), names = element('tr');
      places.append(element('th', { class: 'corner', rowspan: 2, scope: 'col' }, 'Principal'));
      for (let i = 0, j; i < tables.length; i = j) {
        for (j = i + 1; j < tables.length && !edges[j];) j++;
        const t = m.tables[tables[i]];
        places.append(element('th', { class: 'place edge' + (t.production ? ' prod' : ''), colspan: j - i, scope: 'colgroup' }, element('span', {}, place(t))));
      }
      tables.forEach((t, i) => {
        const b = element('button', { type: 'button', title: 'Table ' + m.tables[t].name + ': more' }, element('span', {}, m.tables[t].name));
        b.addEventListener('click', () => showTable(m.tables[t]));
        names.append(element('th', { scope: 'col', class: edges[i] ? 'edge' : '' }, b));
      });
      const body = element('tbody');
      principals.forEach((i, at) => {
        const p = m.principals[i];
        if (at === 0 || place(p) !== place(m.principals[principals[at - 1]])) {
          body.append(element('tr', {}, element('th', { class: 'place' + (p.production ? ' prod' : ''), colspan: tables.length + 1, scope: 'rowgroup' },
            element('span', {}, place(p)))));
        }
        const b = element('button', { type: 'button', title: p.kind + ' ' + p.name + ': more' }, p.name + ' ', element('span', { class: 'dim' }, p.kind + (p.unknown ? ', partly not known' : '')));
        b.addEventListener('click', () => showPrincipal(p));
        const line = element('tr', {}, element('th', { scope: 'row', class: p.production ? 'prod' : '' }, b));
        tables.forEach((t, c) => {
          const access = of(p, t), table = m.tables[t], any = access.some(a => a[0] > 0);
          const label = p.kind + ' ' + p.name + ' on table ' + table.name + ': ' + summary(access) + (any && across(p, table) ? '; across environments' : '');
          const cell = element('td', {
            class: (edges[c] ? 'edge' : '') + (access.some(a => a[0] > 1) && across(p, table) ? ' across' : ''),
            tabindex: at === focus[0] && c === focus[1] ? 0 : -1, 'aria-label': label, title: label,
          });
          if (any) cell.append(glyph(access));
          cell.at = [at, c, p, table, access];
          line.append(cell);
        });
        body.append(line);
      });
      const table = element('table', { role: 'grid', 'aria-label': 'Access of principals to tables' }, element('thead', {}, places, names), body);
      grid.replaceChildren(principals.length && tables.length ? table : element('p', { class: 'dim' }, 'No principal has such access.'));
      page('table', columns.length, column, columnsShown);
      page('principal', rows.length, row, rowsShown);
    }

    // page says which part is shown of the tables or principals.
    function page(name, total, at, shown) {
      $(name + '-page').hidden = total <= shown;
      $(name + '-range').textContent = name + 's ' + (at + 1) + ' to ' + Math.min(at + shown, total) + ' of ' + total.toLocaleString('en');
      $(name + '-back').disabled = at === 0;
      $(name + '-on').disabled = at + shown >= total;
    }
    const turn = (id, by) => $(id).addEventListener('click', () => { by(); focus = [0, 0]; draw(); });
    turn('table-back', () => { column -= columnsShown; });
    turn('table-on', () => { column += columnsShown; });
    turn('principal-back', () => { row -= rowsShown; });
    turn('principal-on', () => { row += rowsShown; });

    // Arrow keys go from cell to cell, so that Tab passes the matrix in one step.
    const cells = () => [...grid.querySelectorAll('tbody tr')].map(tr => [...tr.querySelectorAll('td')]).filter(list => list.length);
    grid.addEventListener('keydown', e => {
      const from = e.target.at;
      if (!from) return;
      if (e.key === 'Enter' || e.key === ' ') {
        e.preventDefault();
        showCell(from);
        return;
      }
      const lines = cells(), last = lines[0].length - 1;
      let [r, c] = from;
      switch (e.key) {
        case 'ArrowRight': c = Math.min(c + 1, last); break;
        case 'ArrowLeft': c = Math.max(c - 1, 0); break;
        case 'ArrowDown': r = Math.min(r + 1, lines.length - 1); break;
        case 'ArrowUp': r = Math.max(r - 1, 0); break;
        case 'Home': c = 0; if (e.ctrlKey) r = 0; break;
        case 'End': c = last; if (e.ctrlKey) r = lines.length - 1; break;
        default: return;
      }
      e.preventDefault();
      e.target.tabIndex = -1;
      focus = [r, c];
      lines[r][c].tabIndex = 0;
      lines[r][c].focus();
      lines[r][c].scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
    grid.addEventListener('click', e => {
      const cell = e.target.closest('td');
      if (cell && cell.at) showCell(cell.at);
    });

    function show(title, ...content) {
      const close = element('button', { type: 'button', autofocus: '' }, 'Close');
      close.addEventListener('click', () => dialog.close());
      const heading = element('h2', { id: 'detail-title' }, title);
      dialog.replaceChildren(heading, ...content.filter(Boolean), element('p', {}, close));
      dialog.showModal();
      dialog.scrollTop = 0;
    }
    dialog.addEventListener('click', e => { if (e.target === dialog) dialog.close(); });
    const list = items => element('ul', {}, ...items.map(i => element('li', {}, i)));
    const code = text => element('span', { class: 'code' }, text);

    // statement says where one stands, and what it says.
    function statement(index) {
      const s = m.statements[index], li = element('li');
      li.append(s.effect + (s.sid ? ' "' + s.sid + '"' : '') + ', ' + s.source + ' ', code(s.policy || s.urn || ''), s.path ? ' at ' : '', s.path ? code(s.path) : '');
      for (const c of s.conditions || []) li.append(element('div', {}, 'where ', code(c)));
      return li;
    }
    function access(a) {
      const parts = [];
      rights.forEach((name, r) => {
        const [level, actions, by] = a[r];
        if (level === 0) return;
        parts.push(element('h3', {}, name + ': ' + said[level]));
        if (actions !== undefined) parts.push(element('p', {}, code(m.actions[actions])));
        if (by && by.length) parts.push(element('ul', {}, ...by.map(statement)));
      });
      return parts.length ? parts : [element('p', {}, 'No access, by what was read.')];
    }
    const facts = x => element('p', { class: 'dim' }, [place(x), x.stack && 'stack ' + x.stack, x.arn, x.urn].filter(Boolean).join(' · '));
    function showCell([, , p, t, a]) {
      const notKnown = a.some(r => r[0] === 1) && [...p.unknown || [], ...t.unknown ? [t.unknown] : []];
      show(p.kind + ' ' + p.name + ' on table ' + t.name, facts(p), facts(t), ...access(a),
        ...notKnown && notKnown.length ? [element('h3', {}, 'Why it is not known'), list(notKnown)] : []);
    }
    function showPrincipal(p) {
      show(p.kind + ' ' + p.name, facts(p),
        p.outside && element('p', {}, 'It is declared elsewhere: what it has besides what these stacks say of it is not known.'),
        ...p.unknown ? [element('h3', {}, 'Not known'), list(p.unknown)] : [],
        ...p.beyond ? [element('h3', {}, 'Also tables that are not here'), element('ul', {}, ...p.beyond.map(b =>
          element('li', {}, (b.not ? 'all but ' : ''), code(b.text || '(a secret document)'), ': ' + summary(b.access))))] : []);
    }
    function showTable(t) {
      show('Table ' + t.name, facts(t), t.shared && element('p', {}, 'Also claimed by ' + t.shared.join(', ') + '.'), t.unknown && element('p', {}, t.unknown));
    }

    form.addEventListener('input', choose);
    form.addEventListener('submit', e => e.preventDefault());
    form.addEventListener('reset', () => setTimeout(choose));
    for (const b of document.querySelectorAll('[data-principal]')) {
      b.addEventListener('click', () => {
        form.reset();
        form.elements.principal.value = b.dataset.principal;
        setTimeout(choose);
        $('access').scrollIntoView();
      });
    }
    choose();
  }
})();
